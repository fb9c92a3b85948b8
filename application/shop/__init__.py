"""Shop: products and services are added, changed and deleted, slots found, booked, moved and cancelled.

Begin in `product.py`, and in `booking.py: book_slot`.
"""
