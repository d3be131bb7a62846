-- Who may call: hash is of what a caller shows, which is never kept. Parked are
-- messages about people whose account nobody has said yet.

CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    created_at INTEGER,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    used_at    INTEGER,
    revoked_at INTEGER,
    revoked_by TEXT NOT NULL,
    follows    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE parked (
    source   TEXT NOT NULL,
    id       TEXT NOT NULL,
    contact  TEXT NOT NULL,
    at       INTEGER,
    received INTEGER,
    message  TEXT NOT NULL,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE INDEX parked_by_contact ON parked (contact);
CREATE INDEX parked_by_receipt ON parked (received);
