"""Feedback: answers rated by those who saw them.

Begin in `rate.py: rate`.
"""
