"""Privacy: customers forgotten at their wish, conversations after the tenant's retention time.

Begin in `forget.py: forget_customer`: an event says so, work carries it out.
"""
