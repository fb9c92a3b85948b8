"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/keys"): {"name": "shop front", "scopes": ["conversations:write", "conversations:read"]},
    ("post", "/v1/keys/{key}/rotate"): {"overlap_hours": 24},
    ("post", "/v1/tenants/{tenant}/keys"): {"name": "way back in", "scopes": ["tenants:admin"]},
    ("put", "/v1/rate-limits"): {"answers": 600, "messages_per_customer": 20},
    ("put", "/v1/time-zone"): {"time_zone": "Europe/Berlin"},
    ("put", "/v1/tenants/{tenant}/rate-limits"): {"requests": 12000, "answers": 3000},
    ("post", "/v1/tenants"): {"name": "Nordfell Outdoor"},
    ("patch", "/v1/tenants/{tenant}"): {"name": "Nordfell"},
    ("post", "/v1/tenants/{tenant}/suspend"): {"reason": "the contract has ended"},
}
