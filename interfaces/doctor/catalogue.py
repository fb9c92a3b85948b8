"""How old the shipped catalogue of models is, and which of its models vendors take away soon."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.gateway.models_in_use import SOON
from domain.models.catalogue import Catalogue
from interfaces.doctor.check import Check

OLD = timedelta(days=180)
"""Vendors change prices and take models away several times a year."""


def of_catalogue(catalogue: Catalogue, at: datetime) -> Check:
    """Nothing is wrong with an old one: models that it does not know are taken, and what it knows holds. It is told what to do about it."""
    said = [catalogue.name]
    soon = [
        (model.retires_at, model)
        for model in catalogue.models()
        if model.retires_at is not None and at < model.retires_at <= at + SOON
    ]
    for retires_at, model in sorted(soon, key=lambda each: (each[0], each[1].id)):
        successor = catalogue.successor(model, retires_at)
        instead = f"use {successor}" if successor else "choose another one"
        said.append(f"{model.id} is retired on {retires_at.date()}: {instead}")
    if catalogue.as_of is not None and (age := at.date() - catalogue.as_of) > OLD:
        said.append(
            f"it is {age.days} days old, and does not know what vendors have changed since: take a newer Retrace, or `retrace models import FILE`"
        )
    return Check("catalogue", True, "; ".join(said))
