"""Providers, models, budgets."""
