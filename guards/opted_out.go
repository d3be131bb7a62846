package guards

// OptedOut keeps outreach from people who said no.
var OptedOut = Guard{
	Name:    "opted_out",
	Summary: "The person opted out: no outreach reaches them; service and transactional messages do.",
	Check: func(a Ask) (Decision, error) {
		if a.Internal || a.Class != "outreach" {
			return Decision{}, nil
		}
		for _, s := range a.Suppressions {
			if s.Kind == "opted_out" {
				return Decision{Kind: Drop, Reason: "opted_out", Detail: "opted out on " + s.At.Format("2 Jan 2006")}, nil
			}
		}
		return Decision{}, nil
	},
}
