"""Twilio: messages go out through its API. Begin in `client.py`."""
