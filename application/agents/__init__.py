"""The agent's configuration: read with its version, changed as a whole.

Begin in `agent.py`.
"""
