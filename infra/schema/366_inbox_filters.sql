-- Lists of conversations by channel and by whether they are closed, where the read model stands already; projections/conversations.py has them for new ones.
-- As who owns read models: an index is made by its table's owner.
SET LOCAL ROLE retrace_builder;
DO $$
BEGIN
    IF to_regclass('retrace.conversations') IS NOT NULL THEN
        CREATE INDEX IF NOT EXISTS conversations_channel ON retrace.conversations (tenant, channel, last_at, conversation);
        CREATE INDEX IF NOT EXISTS conversations_status ON retrace.conversations (tenant, status, last_at, conversation);
    END IF;
END
$$;
