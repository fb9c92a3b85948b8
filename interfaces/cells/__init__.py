"""Several databases below one deployment: every role serves all of them.

`every.py`: what a role does in each; `dispatch.py`: a request goes to its tenant's cell; `named.py`: whose a request is.
"""
