"""Channels: how customers write and are written to.

In: `webhook.py: take_webhook` takes in what a vendor sends; `channels.py` is what a tenant sets. Out: `deliver.py: deliver`, the work that
sends; `delivery.py: record_status` takes what the channel tells later.
"""
