-- The audit log is changed in two ways alone: the names of somebody whose erasure is
-- under way are taken out of it, and what is older than the project keeps is removed.
-- Who removes says up to when (microseconds) in meta, in the same transaction.

DROP TRIGGER audit_stays ON audit;
CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_stays();
CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.seq = OLD.seq AND NEW.at IS NOT DISTINCT FROM OLD.at AND NEW.what = OLD.what
            AND EXISTS (SELECT 1 FROM erasures WHERE done_at IS NULL) THEN
            RETURN NEW;
        END IF;
    ELSIF EXISTS (SELECT 1 FROM meta WHERE key = 'audit_before'
        AND (OLD.at IS NULL OR OLD.at < to_timestamp(0) + value::bigint * interval '1 microsecond')) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log is not changed';
END $$;
CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keeps();
