"""What every request passes, and what every route uses.

`admission.py` first: key and scope; then `gate.py` (version, query, body) and `idempotency.py`. `problems.py`: what answers each error. `pages.py`,
`position.py`, `version.py`: lists, reading one's own writes, ETags. `openapi.py`: the description.
"""
