"""The description of the API (OpenAPI 3.1), and a page of it. Begin in `description.py`; `schemas.py` has the bodies' forms."""
