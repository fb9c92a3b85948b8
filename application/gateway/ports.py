"""What a completion needs: a budget, and providers."""

from __future__ import annotations

from typing import Protocol

from application.budgets import ports as budgets
from application.gateway.providers import Providers


class Ports(budgets.Ports, Protocol):
    @property
    def providers(self) -> Providers: ...
