"""The gateway: one completion out of several models, within the budget, each attempt on record.

Begin in `route.py` (which models, in order, and why), then `complete.py`: candidates, one `attempt.py` after the other, until one answers.
`run.py` holds what happened on the way. `respond.py`: the same answer again. `quote.py`, `lease.py`: what is held, and for how long.
"""
