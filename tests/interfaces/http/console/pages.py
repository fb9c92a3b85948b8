"""The table of all pages: a new one is one line here. Its addresses' parts come from a world below, where it has some."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from litestar import Router
from litestar.routes import HTTPRoute

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.worlds import (
    administration,
    agent,
    alerts,
    campaigns,
    inbox,
    models,
    review,
)

Parts = Mapping[str, str]


class Shown(NamedTuple):
    """`world` makes what the page shows and gives the parts of its path; `query` comes behind it."""

    path: str
    title: str
    world: Callable[[Customer], Awaitable[Parts]] | None = None
    query: str = ""


PAGES = (
    Shown("/console", "Home"),
    Shown("/console/account", "Your account"),
    Shown("/console/inbox", "Inbox", inbox.conversation),
    Shown("/console/inbox/search", "Search", inbox.conversation, "?q=open"),
    Shown("/console/inbox/{conversation}", "Ann", inbox.conversation),
    Shown("/console/inbox/{conversation}/at", "Conversation in time", inbox.conversation),
    Shown("/console/inbox/{conversation}/why/{interaction}", "Why", inbox.conversation),
    Shown("/console/inbox/{conversation}/why/{interaction}/prompt", "Prompt", inbox.conversation),
    Shown("/console/campaigns", "Campaigns", campaigns.a_campaign),
    Shown("/console/campaigns/{campaign}", "Winter boots", campaigns.a_campaign),
    Shown("/console/insight", "Overview", inbox.conversation),
    Shown("/console/insight/quality", "Quality", inbox.conversation),
    Shown("/console/insight/quality", "Quality", inbox.conversation, "?days=12m&per=provider"),
    Shown("/console/insight/business", "Business", inbox.conversation),
    Shown("/console/insight/operations", "Operations", inbox.conversation, "?days=12w"),
    Shown("/console/insight/costs", "Costs", inbox.conversation, "?days=7"),
    Shown("/console/insight/providers", "Provider figures", inbox.conversation),
    Shown("/console/insight/retrieval", "Retrieval", inbox.conversation, "?days=90"),
    Shown("/console/insight/experiments", "Experiment figures", inbox.an_experiment),
    Shown("/console/agent", "Agent"),
    Shown("/console/agent/versions", "Versions", agent.a_configuration),
    Shown("/console/agent/versions/{version}", "Version", agent.a_configuration),
    Shown("/console/prompts", "Prompts"),
    Shown("/console/prompts/{name}", "Answer", agent.a_prompt),
    Shown("/console/documents", "Documents", agent.a_document),
    Shown("/console/documents/{document}", "hours.md", agent.a_document),
    Shown("/console/knowledge", "Knowledge base", agent.an_entry),
    Shown("/console/knowledge/{entry}", "When are you open?", agent.an_entry),
    Shown("/console/products", "Products", agent.a_product),
    Shown("/console/products/{product}", "Kettle", agent.a_product),
    Shown("/console/services", "Services", agent.a_service),
    Shown("/console/services/{service}", "Haircut", agent.a_service),
    Shown("/console/channels", "Channels", agent.an_account),
    Shown("/console/channels/{account}", "Account", agent.an_account),
    Shown("/console/webhooks", "Webhooks", agent.an_endpoint),
    Shown("/console/webhooks/{endpoint}", "Webhook", agent.an_endpoint),
    Shown("/console/actions", "Actions", agent.an_action),
    Shown("/console/actions/{name}", "cancel_order", agent.an_action),
    Shown("/console/action-calls", "Action calls", agent.a_call),
    Shown("/console/action-calls/{call}", "Call of cancel_order", agent.a_call),
    Shown("/console/embeddings", "Search"),
    Shown("/console/keys", "API keys"),
    Shown("/console/keys/{key}", "API key", administration.a_key),
    Shown("/console/keys/{key}/revoke", "Revoke this key", administration.a_key),
    Shown("/console/operators", "Operators"),
    Shown("/console/operators/{operator}", "Max", administration.an_operator),
    Shown("/console/time-zone", "Time zone"),
    Shown("/console/flags", "Flags"),
    Shown("/console/flags/{flag}", "Routing", administration.a_rollout),
    Shown("/console/budgets", "Budgets"),
    Shown("/console/audit", "Audit log"),
    Shown("/console/events", "Events", query="?kind=tenant.key_issued"),
    Shown("/console/states/{kind}/{id}", "State of operator", administration.a_state, "?version=2&beside=1"),
    Shown("/console/verification", "Verification"),
    Shown("/console/erasure", "Erasure", administration.an_erasure),
    Shown("/console/alerts", "Alerts"),
    Shown("/console/alerts/{alert}", "", alerts.a_rule),
    Shown("/console/alert-channels", "Alert channels", alerts.a_channel),
    Shown("/console/alert-channels/{channel}", "On call", alerts.a_channel),
    Shown("/console/feedback", "Feedback", review.an_answer),
    Shown("/console/feedback/{interaction}", "An answer", review.an_answer),
    Shown("/console/corrections", "Corrections", review.a_correction),
    Shown("/console/corrections/{correction}", "Correction", review.a_correction),
    Shown("/console/datasets", "Datasets", review.a_dataset),
    Shown("/console/datasets/{dataset}", "Hours", review.a_dataset),
    Shown("/console/training-sets", "Training sets", review.a_training_set),
    Shown("/console/training-sets/{training_set}", "November", review.a_training_set),
    Shown("/console/models", "Models and prices", query="?model=openai/gpt-4o"),
    Shown("/console/routing", "Routing"),
    Shown("/console/providers", "Providers"),
    Shown("/console/providers/{provider}", "openai", models.a_provider),
    Shown("/console/comparison", "Comparison"),
    Shown("/console/fine-tuning", "Fine-tuning"),
    Shown("/console/fine-tuning/{job}", "Fine-tuning job", models.a_job),
    Shown("/console/evaluations", "Evaluations", models.an_evaluation),
    Shown("/console/evaluations/{evaluation}", "before it goes out", models.an_evaluation),
    Shown("/console/experiments", "Experiments", models.an_experiment),
    Shown("/console/experiments/{experiment}", "Terse", models.an_experiment),
    Shown("/console/deployments", "Deployments", models.a_deployment),
    Shown("/console/deployments/{deployment}", "terser", models.a_deployment),
)
"""Each as an administrator sees it, signed in; `title` begins the document's."""

OPEN = ("/console/sign-in", "/console/accept")
"""Pages for those who are not signed in."""

NO_PAGES = {
    "/console/static/{digest}/{name}": "the files that pages load",
    "/console/inbox/live": "a stream",
    "/console/inbox/{conversation}/live": "a stream",
    "/console/inbox/{conversation}/media/{media}": "a download",
}
"""What answers GET below /console and is no page, and what it is."""


def asking(routers: Iterable[Router]) -> set[str]:
    """Paths that ask before a form of a screen is sent: one template for all of them, of which the table has one."""
    return {
        _plain(route)
        for router in routers
        for route in router.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.fn.__qualname__.endswith("_sent.<locals>.asked")
    }


def routes(routers: Iterable[Router]) -> set[str]:
    """Paths of all that answers GET below /console, with the names of their parts alone."""
    return {
        _plain(route)
        for router in routers
        for route in router.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/console") and "GET" in route.methods
    }


def _plain(route: HTTPRoute) -> str:
    return re.sub(r":\w+}", "}", route.path)
