package main

// line is a row of the page: what was measured, and what it is held to.
type line struct {
	name     string // of its rows in the file
	what     string // {} is the size
	baseline string
	how      string  // what a block is, for who wants to know
	limit    float64 // of ours to the baseline; 0 is none
	goal     float64 // better than the limit; 0 is none
	speed    bool    // the ratio is of speeds: the baseline's time by ours, and the limit is the least
	from     int     // all sizes from it on are told in the first table; 0: only the greatest
}

var lines = []line{
	{
		name: "enrollment", what: "an enrollment of a win-back playbook through the engine: processor time", baseline: "the same sequence by hand as a Temporal workflow in Go", limit: 1.1, goal: 0.7,
		how: "Five mails, four waits, a branch and a task, from the start to the end of {} accounts at once, the engine inside on SQLite. By hand it has the same server, store, channels, " +
			"mails and guards, and is what a careful engineer writes: it reads the account by a local activity before each decision, sends by an activity, sleeps on a timer. All of the process is counted, the server's part with it.",
	},
	{name: "rate", what: "the same: throughput, by the time for one", baseline: "the same", limit: 0.9, goal: 1.4, speed: true, how: "The time of the blocks above, for one of its enrollments."},
	{name: "events", what: "the same: history events", baseline: "the same", limit: 1, how: "Of ten enrollments of each block above."},
	{name: "history", what: "the same: bytes of history", baseline: "the same", how: "As above."},
	{name: "sleeper", what: "what one sleeping enrollment takes in Temporal's file", baseline: "the same by hand", limit: 1.5, how: "{} of each rest for three months after their first mail; the file is measured without its air, before and after."},
	{
		name: "condition", what: "one trigger evaluation", baseline: "bare `Program.Eval`, and a plain map filled from the same record", limit: 1.2,
		how: "A condition of five comparisons over an account of ten fields.",
	},
	{
		name: "playbooks", what: "a message with {} playbooks published", baseline: "with 10 published, the same 10 reading the field that it changes", limit: 1.3,
		how: "The store is in memory, so that nothing hides the difference. Processor time.",
	},
	{
		name: "ingest", what: "messages taken in, deduplicated and evaluated by ten playbooks, with {} accounts and their people known (PostgreSQL)", baseline: "the same raw messages inserted into the events table", limit: 0.3, goal: 0.5, speed: true, from: 100_000,
		how: "In batches of 100, over one connection each, with PostgreSQL's own settings: each commit of both is on the disk, and what was loaded before has been vacuumed, as a server does by itself within a minute. The floor is one `INSERT` of a batch from arrays, with the table's indexes and `ON CONFLICT DO NOTHING`. " +
			"The rows of a million accounts are more than the 128 MB that PostgreSQL keeps in memory by its own settings (`shared_buffers`), and each message is about another account: what the floor writes stays in memory.",
	},
	{
		name: "ingest-new", what: "the same while most messages name somebody of whom nothing is known, one of {} accounts", baseline: "the same", limit: 0.3, goal: 0.5, speed: true,
		how: "The accounts have been named and nothing has happened to them: people, truths and days are all new rows, which the floor does not write.",
	},
	{
		name: "scan", what: "the nightly scan of {} accounts by 25 playbooks, 1 % of which match, to the outbox's commit (PostgreSQL)", baseline: "streaming the columns that they read, as a table with types, to Go once", limit: 3,
		how: "Conditions that only the clock makes true: days until a renewal, the end of a trial, since a review.",
	},
	{
		name: "fanout", what: "one event to {} enrollments, until all have started: processor time", baseline: "a client that starts as many bare workflows", limit: 1.2,
		how: "An announcement that every account matches, spread over no time: from its message to the last start that Temporal has answered, and the outbox empty. The client has a list of ids and starts sixteen at once, as our relay does. " +
			"Both over the engine inside, with nobody to work on what has started: what a first step does is not what is measured.",
	},
	{name: "fanout-wall", what: "the same: time", baseline: "the same", limit: 1.2, how: "The same blocks by the clock."},
	{
		name: "heap", what: "heap of a worker with {} sleeping enrollments", baseline: "a worker with the hand-written workflow, the same caches", limit: 1.1,
		how: "In use after two collections, less what the same process held before its worker began. Each worker is a process of its own over a server in another, has put the last 1,200 to sleep after their first mail, and keeps 1,000 workflows in memory.",
	},
}

// fewest pairs that have an interval.
const fewest = 6

// verdict of an interval: the whole of it must lie on one side of the limit.
func (l line) verdict(low, high float64, pairs int) string {
	within := func(limit float64) (met, missed bool) {
		if l.speed {
			return low >= limit, high < limit
		}
		return high <= limit, low > limit
	}
	if l.limit == 0 {
		return ""
	}
	met, missed := within(l.limit)
	goal, _ := within(l.goal)
	switch {
	case pairs < fewest:
		return "too few pairs to say"
	case missed:
		return "**missed**"
	case !met:
		return "undecided"
	case l.goal != 0 && goal:
		return "met, and the goal"
	}
	return "met"
}
