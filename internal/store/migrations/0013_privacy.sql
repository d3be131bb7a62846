-- The audit log is changed in two ways alone: the names of somebody whose erasure is
-- under way are taken out of it, and what is older than the project keeps is removed.
-- Who removes says up to when (microseconds) in meta, in the same transaction.

DROP TRIGGER audit_keeps;
DROP TRIGGER audit_stays;
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit
    WHEN NEW.seq IS NOT OLD.seq OR NEW.at IS NOT OLD.at OR NEW.what IS NOT OLD.what OR NOT EXISTS (SELECT 1 FROM erasures WHERE done_at IS NULL)
    BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
    WHEN NOT EXISTS (SELECT 1 FROM meta WHERE key = 'audit_before' AND (OLD.at IS NULL OR OLD.at < CAST(value AS INTEGER)))
    BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;
