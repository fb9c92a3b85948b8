"""Screens of the console that are made from the API's routes: what a page shows is what its routes answer, what a form sends is their body.

`screen.py` has a page and its forms; `calling.py` calls a route; `controls.py`, `fields.py` and `reading.py` make fields of a body's type, and the
body of what was filled in; `wrong.py` tells what was wrong with it.
"""
