-- What was applied, for ever: files is the project, packed.

CREATE TABLE releases (
    number bigint PRIMARY KEY,
    digest text COLLATE "C" NOT NULL,
    files  bytea NOT NULL,
    by     text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    of     bigint NOT NULL,
    at     timestamptz
);
