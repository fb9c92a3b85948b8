"""The gateway: one completion out of several models, within the budget, each attempt on record.

Begin in `route.py` (which models, in order, and why), then `complete.py`: candidates, one `attempt.py` after the other, until one answers.
`complete_cached.py`: the same answer again. `run.py`: what is asked, and what has happened on the way, as plain data. `tenant_settings.py`:
what a tenant has set that both go by. `quote.py`, `lease.py`: what is held, and for how long.
"""
