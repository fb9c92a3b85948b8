"""Channels: what is owed to customers is sent, and what became of it is taken in.

Begin in `deliver.py: deliver`, the work that sends; `delivery.py: record_status` takes what the channel tells later.
"""
