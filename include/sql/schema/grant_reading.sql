-- The role taskbridge_reader reads mart, staging and the ledger, and writes nothing; GRANT taskbridge_reader TO a login.
-- Whoever migrates without the right to make roles is told, and goes on without.
DO $$
BEGIN
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taskbridge_reader') THEN
            CREATE ROLE taskbridge_reader NOLOGIN;
        END IF;
    EXCEPTION
        -- Another database of the same server is migrated at the same time.
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
            RAISE WARNING 'The role taskbridge_reader is missing, and % may not make it. Let an administrator run CREATE ROLE taskbridge_reader, then migrate again.', current_user;
            RETURN;
    END;
    GRANT USAGE ON SCHEMA mart, staging, bridge TO taskbridge_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA mart, staging, bridge TO taskbridge_reader;
    -- Logins that runs share, though sealed.
    REVOKE ALL ON bridge.session FROM taskbridge_reader;
END $$
