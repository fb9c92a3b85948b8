-- What a client calls its request stands here as a keyed hash from now on. Results that were kept under the text itself go: they
-- were kept for a day at most, and the effects of messages are guarded by the inbox.

TRUNCATE idempotency;
