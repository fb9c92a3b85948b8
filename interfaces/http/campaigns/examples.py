"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

PLAN = {
    "name": "Winter boots",
    "message": {
        "text": "Our winter boots are here. Shall we keep a pair for you?",
        "file": {"url": "https://shop.example.com/boots.jpg", "media_type": "image/jpeg"},
        "buttons": [
            {"title": "Tell me more"},
            {
                "title": "No more news",
                "action": "opt_out",
                "reply": "We will not write again. START undoes it.",
            },
        ],
    },
    "audience": {"heard_within_days": 1, "bought": [{"kind": "product", "within_days": 365}]},
    "sender": "whatsapp:+14155238886",
    "quiet_hours": {"begin": "20:00", "end": "09:00"},
    "time_zone": "Europe/Berlin",
}

EXAMPLES: Examples = {
    ("post", "/v1/campaigns"): PLAN,
    ("put", "/v1/campaigns/{campaign}"): PLAN,
    ("post", "/v1/campaigns/{campaign}/schedule"): {"at": "2026-12-01T09:00:00Z"},
    ("post", "/v1/campaigns/{campaign}/preview"): {"limit": 100},
}
