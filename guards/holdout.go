package guards

// Holdout leaves the accounts alone by which lift is measured.
var Holdout = Guard{
	Name:    "holdout",
	Summary: "The account is in the holdout arm: it gets no touch and makes no work.",
	Keys:    []string{"holdout"},
	Set:     "the share that the playbook holds out",
	Example: func(a *Ask) {
		a.Arm = "holdout"
	},
	Check: func(a Ask) (Decision, error) {
		if a.Arm != "holdout" {
			return Decision{}, nil
		}
		return Decision{Kind: Drop, Reason: "holdout", Detail: "held out, so that the playbook's lift can be measured"}, nil
	},
}
