"""Files of documents and conversations, sealed under the key of whose they are.

Begin in `files.py`, which seals, and implements `application.ports.Files`. Where sealed files lie is behind `blobs.py`: a folder (`folder.py`) or a bucket of an object
store (`s3.py`, `faults.py`), opened by `opening.py`. `address.py`: how a setting names a bucket; `mirroring.py`: from one place to another; `probing.py`: whether a bucket will do.
"""
