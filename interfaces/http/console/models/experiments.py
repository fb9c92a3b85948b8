"""Experiments: variants of the agent beside each other, with intervals that are drawn."""

from __future__ import annotations

from typing import Any

from domain.experiments.design import Design
from interfaces.http.console.models.intervals import drawn
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.experiments import experiment
from interfaces.http.experiments.experiment_forms import ConcludeIn, StopIn, WidenIn


def _intervals(facts: Facts) -> dict[str, Any]:
    results = facts["results"]
    return {"drawings": [(each, drawn(each.metrics)) for each in results.comparisons]}


SCREENS = (
    Screen(
        path="/console/experiments",
        template="models/experiments.html",
        reads={"experiments": experiment.list_all},
        forms={
            "create": Form(
                route=experiment.create,
                body=Design,
                button="Make a draft",
                to="/console/experiments/{id}",
                done="A draft: nobody is served it yet.",
                labels={
                    "goal": "What is to become better",
                    "traffic": "Part of all customers that take part",
                    "least": "Customers in each arm without which it is not stopped for its benefit",
                    "window": "Seconds after which what came of a customer counts",
                    "stop_for_benefit": "It stops by itself for its benefit",
                },
                hints={
                    "traffic": "From 0 to 1.",
                    "group": "Experiments of one have no customer in common.",
                },
            )
        },
    ),
    Screen(
        path="/console/experiments/{experiment:uuid}",
        template="models/experiment.html",
        reads={"experiment": experiment.read, "results": experiment.results},
        more=_intervals,
        forms={
            "start": Form(
                route=experiment.start,
                button="Start it",
                done="Its arms are served from now on.",
                offered=lambda facts: facts["experiment"].status == "draft",
            ),
            "widen": Form(
                route=experiment.widen,
                body=WidenIn,
                button="Let more take part",
                done="More customers take part; who does stays in their arm.",
                current=lambda facts: {"traffic": facts["experiment"].traffic},
                hints={"traffic": "The part of all customers, from 0 to 1."},
                offered=lambda facts: facts["experiment"].status == "running",
            ),
            "conclude": Form(
                route=experiment.conclude,
                body=ConcludeIn,
                button="Put on record what it came to",
                done="What it came to is on record.",
                hints={"winner": "The arm's name; empty: there is none."},
                options=lambda facts: {"winner": [arm.name for arm in facts["experiment"].design.arms]},
                offered=lambda facts: facts["experiment"].status in ("running", "stopped"),
            ),
            "stop": Form(
                route=experiment.stop,
                body=StopIn,
                button="Stop it",
                done="All customers get the agent in force again.",
                confirm="All customers get the agent in force again. It can not be started again.",
                danger=True,
                offered=lambda facts: facts["experiment"].status in ("draft", "running"),
            ),
        },
    ),
)
