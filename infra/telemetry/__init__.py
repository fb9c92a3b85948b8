"""OpenTelemetry: one trace a message, over all processes, and the figures of calls of models (docs/tracing.md). Off unless an endpoint is set.

Begin in `start.py`, which alone imports the SDK, and only then. `tracing.py` is what spans there are, `identity.py` how processes agree on
their ids without telling each other, `conventions.py` all names that are not ours.
"""
