"""Suggestions: what is known to go with what an answer may be about, looked for while the answer is prepared."""
