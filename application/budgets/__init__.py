"""Budgets: held before a call, settled once with the event that records it, given back or expired by work.

Begin in `reserve.py: reserve`, then `settled_save.py`: one save with the call's own event. `hold.py`: what one call holds. `settle.py`:
how it ends. `charges.py`: tallies, compared with the log. `pool.py` and `fair_queue.py`: calls of one process that share what is held,
and wait their turn.
"""
