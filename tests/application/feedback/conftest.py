"""A shop that answers by WhatsApp."""

from __future__ import annotations

from tests.application.channels.conftest import _messenger as _messenger
