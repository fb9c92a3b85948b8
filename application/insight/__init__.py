"""Insight: the definitions and inputs of figures. Figures themselves are read models (`projections/`).

Begin in `definitions.py`.
"""
