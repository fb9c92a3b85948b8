"""Datasets, by which variants are evaluated, and training sets, of which models are made."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.learning import dataset, dataset_cases, training_set
from interfaces.http.learning.dataset_forms import (
    CasesIn,
    CorrectionsIn,
    DatasetIn,
    InteractionsIn,
    RemovedIn,
)
from interfaces.http.learning.training_set_forms import TrainingSetIn

SCREENS = (
    Screen(
        path="/console/datasets",
        template="review/datasets.html",
        reads={"datasets": dataset.list_all},
        forms={
            "create": Form(
                route=dataset.create,
                body=DatasetIn,
                button="Begin a dataset",
                to="/console/datasets/{id}",
                done="Begun; it has no case yet.",
            )
        },
    ),
    Screen(
        path="/console/datasets/{dataset:uuid}",
        template="review/dataset.html",
        reads={"dataset": dataset.read, "cases": dataset_cases.read_cases},
        forms={
            "corrections": Form(
                route=dataset_cases.take_corrections,
                body=CorrectionsIn,
                button="Add approved corrections",
                answer="review/added.html",
                labels={"above": "With a quality above"},
                hints={"above": "They are learned from no more: they are there to judge by."},
            ),
            "interactions": Form(
                route=dataset_cases.take_interactions,
                body=InteractionsIn,
                button="Add answers as they were",
                answer="review/added.html",
                hints={"interactions": "Ids of answers."},
            ),
            "write": Form(
                route=dataset_cases.write_cases,
                body=CasesIn,
                button="Add these cases",
                answer="review/added.html",
            ),
            "leave-out": Form(
                route=dataset_cases.remove,
                body=RemovedIn,
                button="Remove these cases",
                done="They are removed, from this version or from the next one on.",
                hints={"cases": "Ids of cases."},
            ),
            "freeze": Form(
                route=dataset.freeze,
                button="Keep this version as it is",
                done="It is frozen; a change makes the next version.",
                offered=lambda facts: not facts["dataset"].frozen,
            ),
            "delete": Form(
                route=dataset.remove_all,
                button="Delete this dataset",
                to="/console/datasets",
                done="The dataset is deleted.",
                confirm="All its versions are deleted, and what was imported into it is erased. It can not be undone.",
                danger=True,
            ),
        },
    ),
    Screen(
        path="/console/training-sets",
        template="review/training-sets.html",
        reads={"sets": training_set.list_all},
        forms={
            "request": Form(
                route=training_set.request_one,
                body=TrainingSetIn,
                button="Make a training set",
                to="/console/training-sets/{id}",
                done="It is being made of the corrections that are approved now.",
                labels={"system": "Text that each example begins with"},
                hints={"minimum_quality": "Examples are better than it."},
            )
        },
    ),
    Screen(
        path="/console/training-sets/{training_set:uuid}",
        template="review/training-set.html",
        reads={"set": training_set.read},
        forms={
            "delete": Form(
                route=training_set.remove,
                button="Delete this training set",
                to="/console/training-sets",
                done="The training set is deleted.",
                confirm="Its texts are erased. Files that were exported are not ours to delete. It can not be undone.",
                danger=True,
            )
        },
    ),
)
