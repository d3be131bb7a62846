package guards

import "time"

// Window waits for the playbook's send window by the recipient's clock.
var Window = Guard{
	Name:    "send_window",
	Summary: "It is outside the send window in the recipient's time zone; the touch waits for the next opening.",
	Keys:    []string{"guardrails.send_window"},
	Set:     "days, hours and whose time zone",
	Example: func(a *Ask) {
		a.Now = a.Now.Add(11 * time.Hour)
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal || a.Rails.Window.Contains(a.Now) {
			return Decision{}, nil
		}
		return a.shift(a.Now, "send_window", a.local()+" is outside "+a.Rails.Window.String()), nil
	},
}
