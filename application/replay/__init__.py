"""Replay: recorded traffic under another routing policy, or at other prices. Nothing is written, no provider is asked.

Begin in `routing.py`, then `redecide.py`: one recorded decision taken again. `prices.py`: recorded calls at another table.
"""
