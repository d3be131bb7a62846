package guards

// Lane keeps the touches of a weaker lane back while a stronger one is at work
// on the account: one account, one conversation. A row wakes them when it ends.
var Lane = Guard{
	Name:    "lane",
	Summary: "A playbook of a stronger lane is at work on the account; the touch waits until that one has ended, unless its own playbook says when_preempted: ignore.",
	Keys:    []string{"lane", "when_preempted"},
	Set:     "the order in the `lanes:` document, and the lanes of the playbooks",
	Example: func(a *Ask) {
		a.Stronger = &Rival{Playbook: "renewal-90", Lane: "renewal"}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Stronger == nil || a.Internal || a.Class == "transactional" || a.WhenPreempted == "ignore" {
			return Decision{}, nil
		}
		detail := "playbook " + a.Stronger.Playbook + " in lane " + a.Stronger.Lane + " comes before lane " + a.Lane
		return Decision{Kind: Park, Reason: "lane", Detail: detail}, nil
	},
}

// Rival is an enrollment of a stronger lane on the same account.
type Rival struct{ Playbook, Lane string }
