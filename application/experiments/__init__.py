"""Experiments and deployments: variants of the agent beside each other, and versions that go out step by step, are watched, and go back by themselves.

Begin in `experiment.py`, or in `deployment.py`, then `deploying.py`, the one save of each of its steps. `look_at_experiment.py`, `look.py`: the work that
watches; `results.py`: what came of each arm; `in_force.py`: what it means to be the agent in force.
"""
