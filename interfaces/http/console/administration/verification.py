"""Whether the log is what was written: verify now, checkpoints, and how far its read models are."""

from __future__ import annotations

from interfaces.http.audit import checkpoint, verify
from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.operations import projections

SCREENS = (
    Screen(
        path="/console/verification",
        template="administration/verification.html",
        reads={"checkpoints": checkpoint.list_all, "projections": projections.read},
        forms={
            "verify": Form(route=verify.verify, button="Verify now", answer="administration/verified.html"),
            "sign": Form(
                route=checkpoint.sign, button="Sign the log now", done="The log is signed as it stands."
            ),
        },
    ),
)
