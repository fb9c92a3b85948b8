"""Examples that models learn from: which corrections become one, and the files that vendors take.

Begin in `curation.py: curate`. `near_duplicates.py` finds what an evaluation asks about; `formats.py` writes lines, and knows each vendor's rules.
"""
