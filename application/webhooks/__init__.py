"""Outgoing webhooks: a tenant's apps are told of its events, signed, in order, at least once.

Begin in `endpoint.py`: added, changed, rotated, removed, replayed. `deliver.py`: the work that tells one line after another.

What vendors send in is not here: `channels/webhook.py`.
"""
