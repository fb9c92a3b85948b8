"""Flags: switched by hand, or rolled out step by step by work that looks at what must not get worse.

Begin in `flag.py`.
"""
