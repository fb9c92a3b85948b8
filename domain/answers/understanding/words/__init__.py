"""Word lists by subject and language (ISO 639-1), written as `phrases.py` tells. A word that is added raises `VERSION` in understand.py."""
