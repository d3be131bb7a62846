-- What was applied, for ever: files is the project, packed.

CREATE TABLE releases (
    number INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    files  BLOB NOT NULL,
    by     TEXT NOT NULL,
    source TEXT NOT NULL,
    of     INTEGER NOT NULL,
    at     INTEGER
);
