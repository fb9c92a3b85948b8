"""What browsers ask first: which methods an address takes, and which pages of other origins may call, by which keys. Begin in `cors.py`."""
