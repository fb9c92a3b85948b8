"""Insight: the definitions and inputs of figures, and alerts where they are bad. Figures themselves are read models (`projections/`).

Begin in `definitions.py`. `analyst_login.py`: who may read the views in the database. Of alerts `alerts/evaluate.py`: a look at a tenant's alerts,
as work; then `alerts/send.py`: one message by one channel.
"""
