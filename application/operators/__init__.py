"""Operators: invited, let in, given roles, taken out; signing in to the console, and what a session opens.

Begin in `membership.py: invite_operator`; `accept.py`: the one-time link; `sign_in.py`; `authentication.py`: who calls with a session; `access.py`: requests that go
on for long; `account.py`: what operators change of their own. `finding.py`: from an e-mail address to the account; `tokens.py`: links' and sessions' texts.
"""
