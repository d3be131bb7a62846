-- Erasures of people. contact and work name them, and are empty once it is done.

CREATE TABLE erasures (
    id       TEXT PRIMARY KEY,
    contact  TEXT NOT NULL,
    account  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    by_whom  TEXT NOT NULL,
    begun_at INTEGER,
    done_at  INTEGER,
    work     TEXT,
    found    TEXT
) WITHOUT ROWID;
CREATE INDEX erasures_open ON erasures (begun_at, id) WHERE done_at IS NULL;
