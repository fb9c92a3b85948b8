"""Alerts: rules and channels are set, states are looked at again and again, messages are sent.

Begin in `evaluate.py`, then `send.py`. `rule.py`, `channel.py`, `answering.py`: what people do about them. `replayed.py`: states taken again.
"""
