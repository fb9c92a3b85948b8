"""The catalogue: products with their stock, services with their hours."""

from __future__ import annotations

import msgspec

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.shop import product, service
from interfaces.http.shop.product_forms import ProductChange, ProductIn, StockIn
from interfaces.http.shop.service import ServiceIn

OFFER = {
    "price": "As 12.90.",
    "currency": "As EUR.",
    "images": "Addresses.",
    "active": "It is offered.",
    "complements": "Ids of products and services that go with it, the best first.",
}
SERVICE = {
    **OFFER,
    "availability.time_zone": "As Europe/Vienna; for good.",
    "availability.every_minutes": "Empty: one slot after the other.",
    "availability.capacity": "Places at any moment.",
}


class ServicesWanted(msgspec.Struct, frozen=True, kw_only=True):
    category: str | None = None
    tag: str | None = None
    active: bool | None = None


class ProductsWanted(ServicesWanted, frozen=True, kw_only=True):
    in_stock: bool | None = None


SCREENS = (
    Screen(
        path="/console/products",
        template="agent/products.html",
        reads={"products": product.list_all},
        filters=ProductsWanted,
        forms={
            "add": Form(
                route=product.add,
                body=ProductIn,
                button="Add a product",
                to="/console/products/{id}",
                done="Added.",
                hints=OFFER,
            )
        },
    ),
    Screen(
        path="/console/products/{product:uuid}",
        template="agent/product.html",
        reads={"product": product.read},
        forms={
            "change": Form(
                route=product.replace,
                body=ProductChange,
                button="Save",
                current=lambda facts: facts["product"],
                hints=OFFER,
            ),
            "stock": Form(
                route=product.adjust,
                body=StockIn,
                button="Adjust the stock",
                done="The stock is adjusted.",
                labels={"by": "Pieces more"},
                hints={"by": "Fewer with a minus."},
            ),
            "delete": Form(
                route=product.remove,
                button="Delete this product",
                to="/console/products",
                done="The product is out of the catalogue.",
                confirm="It is out of the catalogue, and is offered no more. It can not be undone.",
                danger=True,
            ),
        },
    ),
    Screen(
        path="/console/services",
        template="agent/services.html",
        reads={"offered": service.list_all},
        filters=ServicesWanted,
        forms={
            "add": Form(
                route=service.add,
                body=ServiceIn,
                button="Add a service",
                to="/console/services/{id}",
                done="Added.",
                hints=SERVICE,
            )
        },
    ),
    Screen(
        path="/console/services/{service:uuid}",
        template="agent/service.html",
        reads={"service": service.read},
        forms={
            "change": Form(
                route=service.replace,
                body=ServiceIn,
                button="Save",
                done="Saved. What was booked stays booked.",
                current=lambda facts: facts["service"],
                hints=SERVICE,
            ),
            "delete": Form(
                route=service.remove,
                button="Delete this service",
                to="/console/services",
                done="The service is out of the catalogue.",
                confirm="It is out of the catalogue; what was booked stays booked. It can not be undone.",
                danger=True,
            ),
        },
    ),
)
