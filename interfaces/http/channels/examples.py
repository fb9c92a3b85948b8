"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("put", "/v1/channels/uses"): {"channel": "http", "use": "none"},
    ("put", "/v1/channels/twilio/{account}"): {
        "auth_token": "0123456789abcdef0123456789abcdef",
        "senders": ["whatsapp:+14155238886"],
        "templates": {"reopen": {"content": "HX" + "0" * 32, "language": "en", "approved": True}},
        "outside_window": "template",
        "window_template": "reopen",
    },
}
