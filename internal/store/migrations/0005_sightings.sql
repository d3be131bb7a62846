-- What providers told of messages, each thing once.

CREATE TABLE sightings (
    key     TEXT PRIMARY KEY,
    touch   TEXT NOT NULL,
    message TEXT NOT NULL,
    kind    TEXT NOT NULL,
    at      INTEGER,
    detail  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sightings_by_touch ON sightings (touch, at, key);
CREATE INDEX touches_by_provider ON touches (channel, provider_id) WHERE provider_id <> '';
