"""The Responses API in OpenAI's form.

Begin in `routes.py`; `request.py`, `items.py` and `tools.py` are what may be sent, `response.py` and `stream.py` what comes back.
"""
