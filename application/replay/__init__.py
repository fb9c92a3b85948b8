"""Replay: recorded traffic under another routing policy, at other prices, or answered by another agent. No stream of it is written to.

Begin in `routing.py`, then `redecide.py`: one recorded decision taken again. `prices.py`: recorded calls at another table. `answers.py`, then
`replaying.py`: recorded answers made again, with the completions that are on record (`again.py`), or by asking models, which is paid
(`ledger.py`).
"""
