"""Experiments and deployments: versions of the agent beside each other, and what came of each.

Begin in `outcomes.py`: what became of each customer under the versions, told by the log's events.
"""
