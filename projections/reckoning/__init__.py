"""Reckoning: each figure of the read models computed a second time, straight from the events, in another way: all events of a tenant at hand, one
question after the other, nothing kept between. Simple and slow; `retrace reconcile` compares it with the read models.

Begin in `table.py`: which reckoning answers for which read model. A figure more is a line there; a test fails where one has none.
"""
