"""The older completions API, `/v1/completions`: prompts in place of messages.

Begin in `routes.py`; `request.py` is what may be sent, `answer.py` and `stream.py` what comes back.
"""
