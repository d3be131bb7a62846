package steps

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// Task is the spec of `task`: human work that holds the sequence until it is
// done, cannot be done, or expires.
type Task struct {
	Title      string // Liquid
	Channel    string // slack (internal, the default), or how the human reaches the customer: linkedin, phone, meeting, mail, executive
	Assign     string // owner, owner.manager or account.<field>
	Due        calendar.Span
	Expires    calendar.Span // after opening; zero = ten business days after Due
	Brief      string        // name of a brief template, or ""
	Background bool          // the sequence goes on at once
	Form       []Question
}

// Question is one field of a task's form.
type Question struct {
	Name     string
	Type     rules.Type // String, Bool, Int or Date
	Choose   []string   // the choices of a String
	Long     bool       // free text: kept in the store, never in State
	Required bool
}

// HumanTouch reports whether the work reaches the customer: a touch, counted by
// caps and reports.
func (t *Task) HumanTouch() bool { return t.Channel != "slack" }

// Times are when a task opened at t (in the zone that matters) is due and when
// it expires.
func (t *Task) Times(opened time.Time, d calendar.Days) (due, expires time.Time) {
	due = t.Due.Add(opened, d)
	if t.Expires != (calendar.Span{}) {
		return due, t.Expires.Add(opened, d)
	}
	return due, d.AddBusiness(due, 10)
}
