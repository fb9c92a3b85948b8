"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.openapi import Examples

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

EXAMPLES: Examples = {
    ("post", "/v1/catalog/products"): {**_MUG, "stock": 20},
    ("put", "/v1/catalog/products/{product}"): _MUG,
    ("post", "/v1/catalog/products/{product}/stock"): {"by": -1, "reason": "broken"},
}
