"""How `retrace up` has its roles as processes.

`program.py` is what it becomes (`handing.py`) once `interfaces/supervisor.py` has looked around and made the `plan.py`; it keeps all of it (`keeping.py`) and imports next to
nothing. `children.py` starts the roles, `fork_server.py` is what they are forked from, itself a copy (`copying.py`) of what had begun it.
"""
