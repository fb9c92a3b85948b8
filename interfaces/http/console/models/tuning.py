"""Fine-tuning: jobs that make a model of a training set, and a job a month."""

from __future__ import annotations

from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.learning import tuning, tuning_schedule
from interfaces.http.learning.tuning_forms import MonthlyIn, TunedEvaluationIn, TuningIn

HINTS = {
    "place": "Where it runs, as the target needs it.",
    "epochs": "Empty: the vendor chooses.",
    "dataset": "Id of what the result is evaluated on before it is ready.",
    "training_set": "Its id.",
    "training_price": "USD per million trained tokens, in the place of what is known.",
    "minimum": "New examples since the last job, below which there is none.",
}


def _providers(facts: Facts) -> dict[str, list[str]]:
    """Those that take jobs now."""
    return {"provider": [each.provider for each in facts["targets"].items if each.open]}


SCREENS = (
    Screen(
        path="/console/fine-tuning",
        template="models/tuning.html",
        reads={
            "jobs": tuning.list_all,
            "targets": tuning.list_targets,
            "schedule": tuning_schedule.read_schedule,
        },
        forms={
            "request": Form(
                route=tuning.request,
                body=TuningIn,
                button="Make a model",
                to="/console/fine-tuning/{id}",
                done="The job is on record; its estimate is held in the budget.",
                hints=HINTS,
                options=_providers,
            ),
            "monthly": Form(
                route=tuning_schedule.replace_schedule,
                body=MonthlyIn,
                of="schedule",
                button="Make one each month",
                done="A job begins on each month's first day, once there are enough new examples.",
                current=lambda facts: facts["schedule"].monthly,
                hints=HINTS,
                options=_providers,
            ),
            "no-monthly": Form(
                route=tuning_schedule.remove_schedule,
                of="schedule",
                button="Make none by itself",
                done="None is made by itself any more; jobs under way go on.",
                offered=lambda facts: facts["schedule"].monthly is not None,
            ),
        },
    ),
    Screen(
        path="/console/fine-tuning/{job:uuid}",
        template="models/job.html",
        reads={"job": tuning.read},
        forms={
            "evaluate": Form(
                route=tuning.evaluate,
                body=TunedEvaluationIn,
                button="Go by this evaluation",
                done="By that evaluation its model is ready, or rejected.",
                hints={"evaluation": "Id of the evaluation of its model."},
                offered=lambda facts: facts["job"].model is not None and facts["job"].evaluation is None,
            ),
            "cancel": Form(
                route=tuning.cancel,
                button="Cancel this job",
                done="Its end is asked for, at the vendor too.",
                confirm="What the vendor has trained on by then may be charged. It can not be gone on with.",
                danger=True,
                offered=lambda facts: facts["job"].ended_at is None and not facts["job"].cancelling,
            ),
        },
    ),
)
