"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/operators"): {
        "email": "ann@example.com",
        "name": "Ann Smith",
        "roles": ["agent", "reviewer"],
    },
    ("put", "/v1/operators/{operator}/roles"): {"roles": ["engineer", "auditor"]},
}
