"""Evaluations: a variant of the agent over the cases of a dataset, beside the agent in force, and the report."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.learning import evaluation
from interfaces.http.learning.evaluation import EvaluationIn, EvaluationStopIn

SCREENS = (
    Screen(
        path="/console/evaluations",
        template="models/evaluations.html",
        reads={"evaluations": evaluation.list_all},
        forms={
            "request": Form(
                route=evaluation.request,
                body=EvaluationIn,
                without=("variant.routing", "baseline"),
                button="Evaluate it",
                to="/console/evaluations/{id}",
                done="A worker asks it every case, within the pace and the budget.",
                hints={
                    "dataset": "Its id.",
                    "version": "Of the dataset; empty: the latest, which is frozen by it.",
                    "variant.configuration": "What differs.",
                    "variant.prompts": "Prompts that differ: what each says.",
                    "variant.model": "provider/name that answers whatever the routing says.",
                    "judge": "provider/name that marks each answer; empty: none does.",
                    "most": "USD that all of it may cost, beside the budget.",
                },
            )
        },
    ),
    Screen(
        path="/console/evaluations/{evaluation:uuid}",
        template="models/evaluation.html",
        reads={"evaluation": evaluation.read, "answers": evaluation.answers},
        forms={
            "stop": Form(
                route=evaluation.stop,
                body=EvaluationStopIn,
                button="Stop it",
                done="It asks no more.",
                confirm="It asks no more; what it has cost stands on record, and there is no report.",
                danger=True,
                offered=lambda facts: facts["evaluation"].ended_at is None,
            )
        },
    ),
)
