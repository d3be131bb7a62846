-- Holds keep automated touches from an account until a moment, NULL for until
-- they are released. Arms remember on which side of a holdout an account is.

CREATE TABLE holds (
    id         text COLLATE "C" PRIMARY KEY,
    account    text COLLATE "C" NOT NULL,
    enrollment text COLLATE "C" NOT NULL,
    by_whom    text COLLATE "C" NOT NULL,
    reason     text COLLATE "C" NOT NULL,
    since      timestamptz,
    until      timestamptz
);
CREATE INDEX holds_by_account ON holds (account, since NULLS FIRST, id);
CREATE INDEX holds_by_enrollment ON holds (enrollment) WHERE enrollment <> '';

CREATE TABLE arms (
    holdout text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    arm     text COLLATE "C" NOT NULL,
    PRIMARY KEY (holdout, account)
);
