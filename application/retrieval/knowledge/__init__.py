"""The knowledge base: entries written by hand or from a file, and put where they are found. Begin in `entry.py`."""
