"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

_MUG = {
    "name": "Blue mug",
    "description": "Holds 300 ml, dishwasher safe.",
    "price": "12.90",
    "currency": "EUR",
    "category": "kitchen",
    "tags": ["mug", "blue"],
    "images": ["https://shop.example.com/mug.jpg"],
    "active": True,
}

_HAIRCUT = {
    "name": "Haircut",
    "description": "Wash, cut and dry.",
    "price": "45.00",
    "currency": "EUR",
    "category": "hair",
    "availability": {
        "time_zone": "Europe/Berlin",
        "duration_minutes": 45,
        "every_minutes": 15,
        "capacity": 2,
        "lead_minutes": 60,
        "weekly": [
            {"weekday": "monday", "opens": "09:00", "closes": "12:30"},
            {"weekday": "monday", "opens": "13:30", "closes": "18:00"},
        ],
        "exceptions": [{"date": "2026-12-24", "windows": [{"opens": "09:00", "closes": "12:00"}]}],
    },
}

EXAMPLES: Examples = {
    ("post", "/v1/catalog/products"): {**_MUG, "stock": 20},
    ("put", "/v1/catalog/products/{product}"): _MUG,
    ("post", "/v1/catalog/products/{product}/stock"): {"by": -1, "reason": "broken"},
    ("post", "/v1/catalog/services"): _HAIRCUT,
    ("put", "/v1/catalog/services/{service}"): {**_HAIRCUT, "price": "48.00"},
}
