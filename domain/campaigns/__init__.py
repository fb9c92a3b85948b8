"""Campaigns: one message to many customers, at a time, to those who may get it.

`plan.py`: what a tenant plans; `judge.py`: whether a customer gets it now; `campaign.py`: its life, and how far it has come.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.campaigns.campaign import Campaign

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Campaign,)
