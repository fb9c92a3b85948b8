"""Doctor: what is the matter with a deployment, looked at as its running roles see it, without making anything.

Begin in `examine.py`.
"""
