"""Forgetting and retention."""
