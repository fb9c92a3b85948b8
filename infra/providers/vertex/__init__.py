"""Vertex AI: a service account, and the models that it may ask. Fine-tuning there: `infra/providers/tuning/vertex.py`."""
