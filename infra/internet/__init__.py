"""Searches on the internet: `searching.py` asks and fails over, the others say what each vendor wants to hear and what it answers."""
