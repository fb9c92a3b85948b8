"""What every room stands on: aggregates and events, refusals, money, times.

`aggregate.py` first: what an aggregate and an event are here; `one_per_tenant.py`: those of which a tenant has one. `errors.py`: the five kinds of refusal. `money.py`: exact sums.
Nothing here knows any room.
"""
