"""Recorded traffic, decided again."""
