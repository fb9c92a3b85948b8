"""Enrichment: products looked up on the internet, ahead of answers. Begin in `enrich.py`."""
