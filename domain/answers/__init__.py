"""Answers: the prompt that is sent, and what becomes of the completion.

Begin in `prompts.py`, then `citing.py`: the text that is told, its citations, how sure the agent is. `understanding/`: what a burst of messages says. Pure.
"""
