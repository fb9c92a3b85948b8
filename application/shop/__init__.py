"""Shop: products are added, changed, restocked and deleted.

Begin in `product.py`.
"""
