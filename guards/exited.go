package guards

// Exited drops what a playbook would still do after its exit.
var Exited = Guard{
	Name:    "exited",
	Summary: "The enrollment has ended; nothing more goes out, to anyone.",
	Check: func(a Ask) (Decision, error) {
		if a.Exited == nil {
			return Decision{}, nil
		}
		return Decision{Kind: Drop, Reason: "exited", Detail: "the enrollment ended as " + a.Exited.Outcome}, nil
	},
}
