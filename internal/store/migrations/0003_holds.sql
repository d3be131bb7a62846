-- Holds keep automated touches from an account until a moment, NULL for until
-- they are released. Arms remember on which side of a holdout an account is.

CREATE TABLE holds (
    id         TEXT PRIMARY KEY,
    account    TEXT NOT NULL,
    enrollment TEXT NOT NULL,
    by_whom    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    since      INTEGER,
    until      INTEGER
) WITHOUT ROWID;
CREATE INDEX holds_by_account ON holds (account, since, id);
CREATE INDEX holds_by_enrollment ON holds (enrollment) WHERE enrollment <> '';

CREATE TABLE arms (
    holdout TEXT NOT NULL,
    account TEXT NOT NULL,
    arm     TEXT NOT NULL,
    PRIMARY KEY (holdout, account)
) WITHOUT ROWID;
