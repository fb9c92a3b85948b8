-- What the role that erases may do beside (055_erasure.sql) when a whole tenant goes: destroy the tenant's own keys, and drop what is owed.

GRANT SELECT, DELETE ON tenant_keys, work TO retrace_eraser;
