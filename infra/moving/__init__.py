"""A tenant moves to another deployment while it is used: its log, keys, work and files are copied, it is closed for a moment, and handed over.

Begin in `move.py`. `side.py`: one of the two deployments; `fence.py`: whose the tenant is; `copying.py`: rows and how they are brought up to date; `tables.py`: which;
`keys.py`, `files.py`; `sweep.py`: what is left behind goes.
By way of a folder, where the two can't reach each other: `packing.py` (export), `parcel.py` (what is in it), `receiver.py` (whom its keys are sealed for), `unpacking.py` (import), `proving.py`.
"""
