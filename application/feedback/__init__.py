"""Feedback: what people say of the agent's answers.

Begin in `rate.py: rate`, by those who saw an answer, and `correction.py: propose_correction`, by those who know a better one. `candidate.py`: a
correction that comes by itself, when an operator answers after the agent. `exchange.py` reads what was said around an interaction.
"""
