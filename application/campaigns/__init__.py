"""Campaigns: one message to many customers.

`campaign.py`: drafted, changed, scheduled, paused, resumed, cancelled. `run.py: run_campaign` is the work that sends, batch by batch;
`reach.py` takes one customer. `press.py`: buttons. `preview.py`: who would get it, and who not.
"""
