-- A person may pause outreach: until is the end of a suppression, NULL for never.

ALTER TABLE suppressions ADD COLUMN until INTEGER;
