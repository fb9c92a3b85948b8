"""Tenants, their API keys, and their way to other deployments."""
