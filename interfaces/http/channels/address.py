"""The public address at which vendors find a tenant's webhook."""

from __future__ import annotations

from application.channels.address import PATH as PATH
from application.channels.address import webhook_url as webhook_url
