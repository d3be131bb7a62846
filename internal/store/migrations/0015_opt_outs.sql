-- What a contact said of outreach, whichever account it stands under. Of the other
-- events, which are nearly all, it keeps nothing.

CREATE INDEX events_of_opt_outs ON events (contact, at, seq) WHERE name IN ('contact.opted_out', 'contact.opted_in');
