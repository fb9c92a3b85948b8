"""Insight: the definitions and inputs of figures. Figures themselves are read models (`projections/`).

Begin in `definitions.py`. `analyst_login.py`: who may read the views in the database.
"""
