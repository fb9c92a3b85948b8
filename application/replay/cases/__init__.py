"""Production cases: one conversation as a file, from which its outgoing texts are made again without a deployment.

`case.py` is the file's form; `export.py` makes one, `redact.py` masks it; `run.py` makes its answers again, with the parts of `parts.py`.
"""
