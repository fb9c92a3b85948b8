"""What the figures say, and who is told when they are bad: alerts.

Begin in `alerts/rule.py`: what is watched; `alerts/judging.py` decides, `alerts/alerts.py` has the states.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.channels import AlertChannels
from domain.insight.alerts.notification import AlertNotification
from domain.insight.alerts.rules import AlertRules

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (AlertRules, Alerts, AlertChannels, AlertNotification)
