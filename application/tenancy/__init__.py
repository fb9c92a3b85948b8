"""Tenants: made, named, suspended, removed; their API keys; rotation of encryption keys.

Begin in `tenant.py: create_tenant`. `removal.py`: erased by work, after a time in which it can be restored.
"""
