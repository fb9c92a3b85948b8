"""Alerts' figures, and the channels that people are told by: one file and one line in `senders.py` a kind."""
