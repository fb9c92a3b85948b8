"""Audit: the log read, explained and searched; every read on record.

Begin in `explain_interaction.py`: why an answer was given, from events alone. `history.py`: what was so at a moment. `reading.py`: reads that are on record.
"""
