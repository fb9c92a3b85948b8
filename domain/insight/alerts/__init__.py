"""Alerts: rules over figures of windows, the state of each, and the messages that tell of it.

Begin in `rule.py` and `defaults.py`; `metrics.py`: what can be watched, `counted.py`: how it is counted from events. `judging.py` is the
state machine, a pure function; `alerts.py` records what it says. `channels.py`, `notification.py`: who is told, and how that went.
"""
