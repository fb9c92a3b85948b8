"""Actions within an answer: `rules.py` calls one without a model, `tools.py` tells a model of them, `concluding.py` says what the customer gets by what came of a call."""
