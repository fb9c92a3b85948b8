"""The built-in provider, which needs no network: it answers with sentences of the retrieved passages."""
