"""Views of the shop: orders, bookings, what there is; and of what was sent to customers."""

from __future__ import annotations

from projections.bookings import Bookings
from projections.bookings import bookings as b
from projections.deliveries import Deliveries
from projections.deliveries import deliveries as d
from projections.deliveries import figures as f
from projections.orders import Orders
from projections.orders import orders as o
from projections.products import Products
from projections.products import products as p
from projections.services import Services
from projections.services import services as s
from projections.views.view import View, column

ORDERS = View(
    name="orders",
    what="an order as it stands",
    projection=Orders,
    key=("order_id",),
    time="placed_at",
    stream="order_id",
    columns=(
        column(o.c.id, "its id", "order_id"),
        column(o.c.conversation, "that of the conversation in which it was placed"),
        column(o.c.status, "how far it has come"),
        column(o.c.placed_at, "when it was placed"),
        column(o.c.changed_at, "when it came this far"),
    ),
)
BOOKINGS = View(
    name="bookings",
    what="a booking as it stands",
    projection=Bookings,
    key=("booking",),
    time="starts_at",
    stream="booking",
    columns=(
        column(b.c.booking, "its id"),
        column(b.c.conversation, "that of the conversation in which it was made"),
        column(b.c.service, "id of what is booked"),
        column(b.c.start, "when it begins", "starts_at"),
        column(b.c.end, "when it ends", "ends_at"),
        column(b.c.status, "how far it has come"),
    ),
)
PRODUCTS = View(
    name="products",
    what="a product of the catalogue",
    projection=Products,
    key=("product",),
    time="created_at",
    stream="product",
    columns=(
        column(p.c.product, "its id"),
        column(p.c.active, "whether it is sold"),
        column(p.c.created_at, "when it was put in"),
    ),
)
SERVICES = View(
    name="services",
    what="a service that can be booked",
    projection=Services,
    key=("service",),
    time="created_at",
    stream="service",
    columns=(
        column(s.c.service, "its id"),
        column(s.c.active, "whether it can be booked"),
        column(s.c.created_at, "when it was put in"),
    ),
)
DELIVERIES = View(
    name="deliveries",
    what="a message to a customer, and what became of it",
    projection=Deliveries,
    key=("delivery", "number"),
    time="day",
    stream="delivery",
    columns=(
        column(d.c.delivery, "id of what was sent together"),
        column(d.c.number, "which of its messages, from 0"),
        column(d.c.interaction, "id of the interaction that it answers; null: none"),
        column(d.c.form, "`text`, `quick_replies`, `choices`, `card` or `attachment`"),
        column(d.c.status, "how far it has come, as `sent`, `delivered`, `read`, `failed`"),
        column(d.c.code, "the channel's code of what went wrong"),
        column(d.c.attempts, "how often it was tried"),
        column(d.c.day, "when it was to be sent (UTC)"),
    ),
)
DELIVERIES_BY_DAY = View(
    name="deliveries_by_day",
    what="messages to customers, by day, form and state",
    projection=Deliveries,
    key=("day", "form", "status"),
    time="day",
    columns=(
        column(f.c.day, "UTC"),
        column(f.c.form, "as in `deliveries`"),
        column(f.c.status, "as in `deliveries`"),
        column(f.c.count, "how many", "messages"),
    ),
)
