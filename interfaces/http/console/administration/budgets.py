"""The budget for models with today's burn, and how many requests may come a minute."""

from __future__ import annotations

from domain.budgets.budget import BudgetLimits
from domain.tenancy.rate_limits import Rates
from interfaces.http.budgets import budget
from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.tenancy import rate_limits

SCREENS = (
    Screen(
        path="/console/budgets",
        template="administration/budgets.html",
        reads={"budget": budget.read, "rates": rate_limits.read},
        forms={
            "limits": Form(
                route=budget.replace,
                body=BudgetLimits,
                button="Set these limits",
                done="The limits are set. They hold within a second.",
                current=lambda facts: facts["budget"].limits,
                labels={"day": "USD a day", "month": "USD a month"},
                hints={
                    "day": "UTC. Empty: as much as is needed.",
                    "month": "UTC. Empty: as much as is needed.",
                    "soft": "Shares of a limit at which an alert is raised, as 0.8.",
                    "on_hard": "What becomes of a call that the budget does not cover.",
                },
            ),
            "remove": Form(
                route=budget.remove,
                button="Remove all limits",
                done="There are no limits any more.",
                confirm="From now on models may cost as much as is needed.",
                danger=True,
            ),
            "rates": Form(
                route=rate_limits.replace,
                body=Rates,
                button="Set these rates",
                done="The rates are set. They hold within a second.",
                of="rates",
                current=lambda facts: facts["rates"].own,
            ),
        },
    ),
)
