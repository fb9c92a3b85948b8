"""Replay: history under other prices or another policy. Pure sums.

Begin in `repricing.py`, then `saving.py`: how sure a saving is.
"""
