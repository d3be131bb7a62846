-- Erasures of people. contact and work name them, and are empty once it is done.

CREATE TABLE erasures (
    id       text COLLATE "C" PRIMARY KEY,
    contact  text COLLATE "C" NOT NULL,
    account  text COLLATE "C" NOT NULL,
    reason   text COLLATE "C" NOT NULL,
    by_whom  text COLLATE "C" NOT NULL,
    begun_at timestamptz,
    done_at  timestamptz,
    work     text COLLATE "C",
    found    text COLLATE "C"
);
CREATE INDEX erasures_open ON erasures (begun_at NULLS FIRST, id) WHERE done_at IS NULL;
