"""How `retrace up` has its roles as processes: `children.py` starts and holds them, `fork_server.py` is what they are forked from."""
