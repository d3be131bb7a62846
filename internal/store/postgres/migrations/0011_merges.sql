-- Whom an account or a contact has become: the last of a chain, so that one look
-- is enough.

CREATE TABLE aliases (
    kind   text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL,
    became text COLLATE "C" NOT NULL,
    at     timestamptz,
    PRIMARY KEY (kind, id)
);
CREATE INDEX aliases_by_survivor ON aliases (kind, became, id);
