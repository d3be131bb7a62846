package rules

import "holdfast"

// EventDoc is one of our own events, as the reference tells it.
type EventDoc struct{ Name, Summary string }

// OwnEvents are those that nobody declares and only our own handlers make. Their
// fields are EventFields of any Set.
var OwnEvents = []EventDoc{
	{holdfast.EventReplied, "The customer answered a mail."},
	{holdfast.EventMeetingBooked, "The customer booked a meeting."},
	{holdfast.EventOptedOut, "A contact wants no outreach any more."},
	{holdfast.EventPaused, "A contact wants no outreach for a while."},
	{holdfast.EventOptedIn, "A contact wants outreach again, after a no or a pause."},
	{holdfast.EventBounced, "A mail could not be delivered, for good."},
	{holdfast.EventTaskDone, "One of ours did a task."},
	{holdfast.EventTaskCannot, "One of ours said that a task cannot be done."},
	{holdfast.EventTaskExpired, "Nobody did a task in time."},
	{holdfast.EventApproved, "A request was approved."},
	{holdfast.EventDenied, "A request was denied."},
	{holdfast.EventOfferSunset, "A concession ends in ninety days."},
	{holdfast.EventEnrollmentEnded, "A playbook has ended on the account."},
}
