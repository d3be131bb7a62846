package guards

// Stopped holds everything back while someone has stopped all sending. A row
// wakes what is parked when it goes on.
var Stopped = Guard{
	Name:    "stopped",
	Summary: "All sending is stopped by hand; touches wait until it goes on.",
	Check: func(a Ask) (Decision, error) {
		if a.Stopped == "" {
			return Decision{}, nil
		}
		return Decision{Kind: Park, Reason: "stopped", Detail: "all sending was stopped by " + a.Stopped}, nil
	},
}
