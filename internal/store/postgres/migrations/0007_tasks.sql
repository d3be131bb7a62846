-- What people do with a task besides closing it, and why it is whose it is.

ALTER TABLE tasks ADD COLUMN snoozed_until timestamptz;
ALTER TABLE tasks ADD COLUMN snooze_reason text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN owner_reason text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX tasks_by_opening ON tasks (owner, opened_at);
CREATE INDEX dues_by_kind ON dues (kind, at);
