"""Training sets: approved corrections as masked examples, and the files that vendors take.

Begin in `training_set.py`; `export.py` writes a file of one.
"""
