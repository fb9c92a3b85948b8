"""Keyword search: postings of words in the chunks of a tenant, ranked by BM25. Begin in `postings.py`.

Terms are keyed hashes (`hashing.py`), so that no word of a sealed text stands in clear; `ranking.py` is the formula. Tokens are made by
`domain/retrieval/terms.py`. docs/decisions/0005-own-postings.md has why, and the figures.
"""
