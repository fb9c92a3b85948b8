"""Where requests read: on the primary, or on a replica of it."""
