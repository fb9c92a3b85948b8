"""Erasure of customers, and how long conversations are kept."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.privacy import customer, retention
from interfaces.http.privacy.customer import ForgetIn
from interfaces.http.privacy.retention import RetentionIn

SCREENS = (
    Screen(
        path="/console/erasure",
        template="administration/erasure.html",
        reads={"erasures": customer.list_forgotten, "retention": retention.read},
        forms={
            "forget": Form(
                route=customer.forget,
                body=ForgetIn,
                button="Erase a customer",
                done="The customer is being erased; within seconds nothing of theirs can be read any more.",
                hints={
                    "channel": "As http, whatsapp or api.",
                    "address": "As the app or the channel has it: a telephone number, a user's name.",
                },
                confirm="The key of all that they said and were told is destroyed. It can not be undone.",
                danger=True,
            ),
            "retention": Form(
                route=retention.replace,
                body=RetentionIn,
                button="Change how long conversations are kept",
                of="retention",
                current=lambda facts: facts["retention"],
                labels={"days": "Days without any activity"},
                hints={
                    "days": "After these a conversation is erased. Empty: conversations are kept for ever."
                },
                confirm="Conversations that have been idle for longer are erased at once. It can not be undone.",
                danger=True,
            ),
        },
    ),
)
