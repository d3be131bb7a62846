-- Times are integer microseconds since 1970 (UTC), NULL for none. Columns named
-- fields, props, events, state, answers, data and body hold JSON text.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
    id     TEXT PRIMARY KEY,
    known  INTEGER NOT NULL,
    fields TEXT NOT NULL
);

CREATE TABLE contacts (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    fields  TEXT NOT NULL
);
CREATE INDEX contacts_by_account ON contacts (account, id);

CREATE TABLE objects (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    account TEXT NOT NULL,
    fields  TEXT NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX objects_by_account ON objects (account, kind, key);

CREATE TABLE events (
    seq      INTEGER PRIMARY KEY,
    source   TEXT NOT NULL,
    id       TEXT NOT NULL,
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    account  TEXT NOT NULL,
    contact  TEXT NOT NULL,
    at       INTEGER,
    received INTEGER,
    props    TEXT,
    UNIQUE (source, id)
);
CREATE INDEX events_by_name ON events (account, name, at, seq);

CREATE TABLE buckets (
    account TEXT NOT NULL,
    metric  TEXT NOT NULL,
    day     TEXT NOT NULL,
    count   INTEGER NOT NULL,
    sum     REAL NOT NULL,
    min     REAL NOT NULL,
    max     REAL NOT NULL,
    PRIMARY KEY (account, metric, day)
) WITHOUT ROWID;

CREATE TABLE suppressions (
    contact TEXT NOT NULL,
    address TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      INTEGER,
    event   INTEGER NOT NULL,
    PRIMARY KEY (contact, address, kind)
) WITHOUT ROWID;
CREATE INDEX suppressions_by_address ON suppressions (address) WHERE address <> '';

CREATE TABLE rests (
    account    TEXT NOT NULL,
    scope      TEXT NOT NULL,
    until      INTEGER,
    reason     TEXT NOT NULL,
    unless     TEXT NOT NULL,
    enrollment TEXT NOT NULL,
    PRIMARY KEY (account, scope)
) WITHOUT ROWID;

CREATE TABLE versions (
    digest       TEXT PRIMARY KEY,
    playbook     TEXT NOT NULL,
    bundle       BLOB,
    published_at INTEGER
);

CREATE TABLE heads (
    playbook TEXT PRIMARY KEY,
    digest   TEXT NOT NULL,
    at       INTEGER
) WITHOUT ROWID;

CREATE TABLE truths (
    playbook TEXT NOT NULL,
    trigger  TEXT NOT NULL,
    account  TEXT NOT NULL,
    truth    INTEGER NOT NULL,
    since    INTEGER,
    fired    INTEGER NOT NULL,
    PRIMARY KEY (playbook, trigger, account)
) WITHOUT ROWID;

CREATE TABLE dues (
    key     TEXT PRIMARY KEY,
    kind    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    account TEXT NOT NULL,
    data    TEXT
);
CREATE INDEX dues_by_time ON dues (at, key, kind);

CREATE TABLE enrollments (
    id         TEXT PRIMARY KEY,
    playbook   TEXT NOT NULL,
    digest     TEXT NOT NULL,
    account    TEXT NOT NULL,
    contact    TEXT NOT NULL,
    trigger    TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    entry_key  TEXT NOT NULL,
    arm        TEXT NOT NULL,
    status     TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    started_at INTEGER,
    ended_at   INTEGER,
    goal_at    INTEGER,
    step       TEXT NOT NULL,
    doing      TEXT NOT NULL,
    state      TEXT,
    due        INTEGER,
    woken      INTEGER NOT NULL,
    echoed     INTEGER NOT NULL,
    event      INTEGER NOT NULL,
    UNIQUE (playbook, account, entry_key)
);
CREATE INDEX enrollments_by_account ON enrollments (account, started_at, id);
CREATE INDEX enrollments_due ON enrollments (due, id) WHERE status = 'active' AND due IS NOT NULL;
CREATE INDEX enrollments_unsettled ON enrollments (id) WHERE status = 'active' AND woken <> echoed;

CREATE TABLE signals (
    enrollment TEXT NOT NULL REFERENCES enrollments (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    path       TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    event      INTEGER NOT NULL,
    at         INTEGER,
    data       TEXT,
    PRIMARY KEY (enrollment, seq)
) WITHOUT ROWID;

CREATE TABLE listeners (
    enrollment TEXT NOT NULL REFERENCES enrollments (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    account    TEXT NOT NULL,
    events     TEXT NOT NULL,
    opened_at  INTEGER,
    PRIMARY KEY (enrollment, path)
) WITHOUT ROWID;
CREATE INDEX listeners_by_account ON listeners (account);

CREATE TABLE tasks (
    id         TEXT PRIMARY KEY,
    enrollment TEXT NOT NULL,
    path       TEXT NOT NULL,
    step       TEXT NOT NULL,
    playbook   TEXT NOT NULL,
    account    TEXT NOT NULL,
    contact    TEXT NOT NULL,
    owner      TEXT NOT NULL,
    title      TEXT NOT NULL,
    brief      TEXT NOT NULL,
    channel    TEXT NOT NULL,
    opened_at  INTEGER,
    due_at     INTEGER,
    expires_at INTEGER,
    status     TEXT NOT NULL,
    closed_at  INTEGER,
    closed_by  TEXT NOT NULL,
    reason     TEXT NOT NULL,
    answers    TEXT,
    background INTEGER NOT NULL
);
CREATE INDEX tasks_by_enrollment ON tasks (enrollment, opened_at, id);
CREATE INDEX tasks_by_owner ON tasks (owner, status, due_at, id);
CREATE INDEX tasks_by_account ON tasks (account, status, due_at, id);

CREATE TABLE touches (
    id          TEXT PRIMARY KEY,
    enrollment  TEXT NOT NULL,
    account     TEXT NOT NULL,
    contact     TEXT NOT NULL,
    playbook    TEXT NOT NULL,
    step        TEXT NOT NULL,
    path        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    state       TEXT NOT NULL,
    final       INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    claimed_at  INTEGER,
    sending_at  INTEGER,
    done_at     INTEGER,
    human_work  INTEGER NOT NULL,
    UNIQUE (enrollment, path, channel, recipient)
);
CREATE INDEX touches_by_account ON touches (account, claimed_at);
CREATE INDEX touches_open ON touches (claimed_at, id) WHERE final = 0;

CREATE TABLE messages (
    seq     INTEGER PRIMARY KEY,
    touch   TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    body    TEXT NOT NULL
);
CREATE INDEX messages_by_account ON messages (account, seq);

CREATE TABLE relay (
    seq        INTEGER PRIMARY KEY,
    enrollment TEXT NOT NULL REFERENCES enrollments (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    n          INTEGER NOT NULL,
    digest     TEXT NOT NULL,
    created_at INTEGER,
    result     TEXT
);
CREATE INDEX relay_waiting ON relay (seq) WHERE result IS NULL;
CREATE INDEX relay_waiting_by_enrollment ON relay (enrollment, seq) WHERE result IS NULL;

CREATE TABLE leases (
    enrollment TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    until      INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE lines (
    seq        INTEGER PRIMARY KEY,
    key        TEXT UNIQUE,
    at         INTEGER,
    account    TEXT NOT NULL,
    playbook   TEXT NOT NULL,
    enrollment TEXT NOT NULL,
    step       TEXT NOT NULL,
    path       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    channel    TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    local      TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    touch      TEXT NOT NULL
);
CREATE INDEX lines_by_enrollment ON lines (enrollment, seq);
