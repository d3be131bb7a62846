-- Whom an account or a contact has become: the last of a chain, so that one look
-- is enough.

CREATE TABLE aliases (
    kind   TEXT NOT NULL,
    id     TEXT NOT NULL,
    became TEXT NOT NULL,
    at     INTEGER,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX aliases_by_survivor ON aliases (kind, became, id);
