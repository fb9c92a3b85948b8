"""Learning: datasets that answers are measured by, training sets that models learn from.

Begin in `dataset.py`; `cases.py: cases_of` is what an evaluation reads. `tuning/`: training sets become models.
"""
