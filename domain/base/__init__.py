"""What every room stands on: aggregates and events, refusals, money, times.

`aggregate.py` first: what an aggregate and an event are here. `errors.py`: the five kinds of refusal. `money.py`: exact sums.
Nothing here knows any room.
"""
