"""The tenant's time zone, which holds wherever no other one is named."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.tenancy import time_zone
from interfaces.http.tenancy.time_zone import TimeZoneIn

SCREENS = (
    Screen(
        path="/console/time-zone",
        template="administration/time_zone.html",
        reads={"zone": time_zone.read},
        forms={
            "set": Form(
                route=time_zone.replace,
                body=TimeZoneIn,
                button="Set this time zone",
                done="The time zone is set. It holds within a second.",
                of="zone",
                current=lambda facts: facts["zone"],
                labels={"time_zone": "Time zone"},
                hints={"time_zone": "As Europe/Berlin, or UTC."},
            )
        },
    ),
)
