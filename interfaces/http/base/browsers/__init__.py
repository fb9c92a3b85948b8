"""Pages of other origins: which may call, and by which keys. Begin in `cors.py`."""
