"""Answers: what a conversation and a call of the completions API have in common on the way to theirs.

`ports.py`: what that way needs of the outside.
"""
