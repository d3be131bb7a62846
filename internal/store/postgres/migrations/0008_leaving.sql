-- Enrollments that an exit told to end and that have not ended: what is left to
-- close, without a search.

CREATE TABLE leaving (
    enrollment text COLLATE "C" PRIMARY KEY REFERENCES enrollments (id) ON DELETE CASCADE,
    since      timestamptz
);
CREATE INDEX leaving_by_since ON leaving (since NULLS FIRST, enrollment);
INSERT INTO leaving (enrollment, since)
    SELECT s.enrollment, min(s.at) FROM signals s JOIN enrollments e ON e.id = s.enrollment
    WHERE s.kind = 'exit' AND e.status = 'active' GROUP BY s.enrollment;
