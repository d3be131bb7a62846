-- Who changed or approved what: written with the change, and never changed itself.

CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, seq);
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;

-- What an operator counts.
CREATE INDEX enrollments_active ON enrollments (playbook) WHERE status = 'active';
CREATE INDEX tasks_open ON tasks (playbook, due_at, snoozed_until) WHERE status = 'open';
