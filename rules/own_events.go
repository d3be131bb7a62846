package rules

import "holdfast"

// EventDoc is one of our own events, as the reference tells it.
type EventDoc struct{ Name, Summary string }

// OwnEvents are those that nobody declares and only our own handlers make. Their
// fields are EventFields of any Set.
var OwnEvents = []EventDoc{
	{holdfast.EventReplied, "The customer answered a mail."},
	{holdfast.EventAutoReplied, "A machine answered a mail: out of office, and the like."},
	{holdfast.EventDelivered, "The customer's mail server took a mail."},
	{holdfast.EventOpened, "The customer opened a mail. What mail programs open by themselves is left out."},
	{holdfast.EventClicked, "The customer followed a link of a mail."},
	{holdfast.EventComplained, "The customer reported a mail as spam."},
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
