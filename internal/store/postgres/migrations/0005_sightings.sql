-- What providers told of messages, each thing once.

CREATE TABLE sightings (
    key     text COLLATE "C" PRIMARY KEY,
    touch   text COLLATE "C" NOT NULL,
    message text COLLATE "C" NOT NULL,
    kind    text COLLATE "C" NOT NULL,
    at      timestamptz,
    detail  text COLLATE "C" NOT NULL
);
CREATE INDEX sightings_by_touch ON sightings (touch, at NULLS FIRST, key);
CREATE INDEX touches_by_provider ON touches (channel, provider_id) WHERE provider_id <> '';
