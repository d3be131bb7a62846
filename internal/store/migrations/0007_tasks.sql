-- What people do with a task besides closing it, and why it is whose it is.

ALTER TABLE tasks ADD COLUMN snoozed_until INTEGER;
ALTER TABLE tasks ADD COLUMN snooze_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN owner_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX tasks_by_opening ON tasks (owner, opened_at);
CREATE INDEX dues_by_kind ON dues (kind, at);
