"""Experiments and deployments: variants of the agent beside each other, and what becomes of them.

Begin in `experiment.py`: created, started, stopped, concluded. `look_at_experiment.py`: work that stops one for harm or benefit; `results.py`:
what came of each arm.
"""
