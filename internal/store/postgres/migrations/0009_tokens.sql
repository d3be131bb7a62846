-- Who may call: hash is of what a caller shows, which is never kept. Parked are
-- messages about people whose account nobody has said yet.

CREATE TABLE tokens (
    id         text COLLATE "C" PRIMARY KEY,
    hash       text COLLATE "C" NOT NULL UNIQUE,
    name       text COLLATE "C" NOT NULL,
    scopes     text COLLATE "C" NOT NULL,
    created_at timestamptz,
    created_by text COLLATE "C" NOT NULL,
    expires_at timestamptz,
    used_at    timestamptz,
    revoked_at timestamptz,
    revoked_by text COLLATE "C" NOT NULL,
    follows    text COLLATE "C" NOT NULL
);

CREATE TABLE parked (
    source   text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    contact  text COLLATE "C" NOT NULL,
    at       timestamptz,
    received timestamptz,
    message  text COLLATE "C" NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX parked_by_contact ON parked (contact);
CREATE INDEX parked_by_receipt ON parked (received);
