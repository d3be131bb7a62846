-- Who changed or approved what: written with the change, and never changed itself.

CREATE TABLE audit (
    seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz,
    who     text COLLATE "C" NOT NULL,
    what    text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    details text COLLATE "C" NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, seq);
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is not changed';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION audit_stays();

-- What an operator counts.
CREATE INDEX enrollments_active ON enrollments (playbook) WHERE status = 'active';
CREATE INDEX tasks_open ON tasks (playbook, due_at, snoozed_until) WHERE status = 'open';
