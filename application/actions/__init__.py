"""Actions: declared by a tenant, and called for a customer.

Begin in `declare.py`. `calling.py`: a call, on record before and after it is tried; what an answer makes of one is in `conversations/act.py`.
"""
