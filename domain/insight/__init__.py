"""Insight: what figures mean to a tenant, the days that they are of, and who is told when they are bad.

Figures begin in `definitions.py`: what counts, and what it is worth. `settings.py`: those in force, as an aggregate. `calendar.py`: days, weeks and months of
a time zone; `slots.py`: the pieces of time that read models keep sums of, and how any period is put together of them. `answering.py`: what answers count as.

Analysts begin in `analyst_logins.py`: who may read the views in the database with tools of theirs.

Alerts begin in `alerts/rule.py`: what is watched; `alerts/judging.py` decides, `alerts/alerts.py` has the states.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.channels import AlertChannels
from domain.insight.alerts.notification import AlertNotification
from domain.insight.alerts.rules import AlertRules
from domain.insight.analyst_logins import AnalystLogins
from domain.insight.settings import InsightSettings

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    InsightSettings,
    AlertRules,
    Alerts,
    AlertChannels,
    AlertNotification,
    AnalystLogins,
)
