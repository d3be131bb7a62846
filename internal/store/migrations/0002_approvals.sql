-- What somebody had to say yes to, and what they said: never deleted.

CREATE TABLE approvals (
    id           TEXT PRIMARY KEY,
    enrollment   TEXT NOT NULL,
    path         TEXT NOT NULL,
    step         TEXT NOT NULL,
    playbook     TEXT NOT NULL,
    account      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    amount       TEXT NOT NULL,
    in_exchange  TEXT NOT NULL,
    sunset_at    INTEGER,
    requested_by TEXT NOT NULL,
    role         TEXT NOT NULL,
    approver     TEXT NOT NULL,
    asked_at     INTEGER,
    status       TEXT NOT NULL,
    decided_by   TEXT NOT NULL,
    decided_at   INTEGER,
    note         TEXT NOT NULL
);
CREATE INDEX approvals_by_account ON approvals (account, asked_at, id);
