"""Files of documents and conversations, sealed under the key of whose they are.

Begin in `files.py`, which implements `application.ports.Files`.
"""
