"""Suggestions: what else of the catalogue fits what an answer is about.

`known.py`: what a suggestion may be made of; `suggest.py`: what is suggested, and why not the rest; `reactions.py`: what the customer made of
it; `telling.py`: how it is told. All of it is pure, and on the interaction, so that it can be decided again.
"""
