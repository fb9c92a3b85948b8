"""Tenants: made, named, suspended, removed; their API keys; rotation of encryption keys.

Begin in `tenant.py: create_tenant`. `api_key.py`: issued, rotated, revoked; `authentication.py`: who calls; `newcomers.py`: those who have proved nothing yet. `rate_limits.py`: requests a minute. `removal.py`: erased by
work, after a time in which it can be restored.
"""
