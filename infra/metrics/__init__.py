"""Figures of one process for Prometheus. `instruments.py` is what is counted as it happens, `collected.py` and `deployment.py` what is
looked up when somebody asks, `server.py` where the roles without a web server are asked. No label holds a tenant or what a stranger chose.
"""
