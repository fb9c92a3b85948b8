"""What use cases of every room share: changing what there is, tasks that come to their end, crypto-shredding.

`amend.py` first: load, decide, save once; again where somebody else was first. `setting.py`: the same of that of which a tenant has one.
"""
