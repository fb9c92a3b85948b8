"""What the pages of review show."""

from __future__ import annotations

import asyncio

from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE

Parts = dict[str, str]
RIGHT = "We are open from nine to six, but not on Sundays."


async def an_answer(customer: Customer) -> Parts:
    """Rated by the customer."""
    reply = await customer.ask("When are you open?", address="rater")
    assert reply.status_code == 200, reply.text
    body = {"agent_interaction_id": reply.json()["id"], "rating": "not_helpful", "feedback_text": "No hours."}
    sent = await customer.http.post("/v1/bot/feedback/submit", json=body)
    assert sent.status_code == 200, sent.text
    return {"interaction": reply.json()["id"]}


async def a_correction(customer: Customer) -> Parts:
    body = {
        "agent_interaction_id": (await an_answer(customer))["interaction"],
        "human_response": RIGHT,
        "reason": "the hours were missing",
        "category": "missing_information",
    }
    reply = await customer.http.post("/v1/bot/corrections", json=body)
    assert reply.status_code == 201, reply.text
    id = reply.json()["id"]
    async with asyncio.timeout(PATIENCE):
        while (await customer.http.get(f"/v1/bot/corrections/{id}")).status_code != 200:
            await asyncio.sleep(0.05)
    return {"correction": id}


async def a_dataset(customer: Customer) -> Parts:
    reply = await customer.http.post("/v1/datasets", json={"name": "Hours"})
    assert reply.status_code == 201, reply.text
    id = reply.json()["id"]
    case = {"message": "When are you open?", "expected_answer": RIGHT}
    added = await customer.http.post(f"/v1/datasets/{id}/cases", json={"cases": [case]})
    assert added.status_code == 200, added.text
    return {"dataset": id}


async def a_training_set(customer: Customer) -> Parts:
    reply = await customer.http.post("/v1/training-sets", json={"name": "November"})
    assert reply.status_code == 202, reply.text
    return {"training_set": reply.json()["id"]}
