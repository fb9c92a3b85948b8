"""The internet, as a source: what is looked up there, what of it counts, and the record of it. Begin in `enriching.py`."""
