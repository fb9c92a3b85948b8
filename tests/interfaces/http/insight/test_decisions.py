"""What the agent decided is on the interaction, in its explanation and in the sums."""

from __future__ import annotations

from tests.interfaces.http.conftest import Customer


async def test_a_request_for_a_person_is_decided_told_explained_and_counted(ours: Customer) -> None:
    plain = await ours.ask("When are you open?", address="bob")
    asked = await ours.ask("I want to talk to a human, please.", address="ann")
    assert asked.status_code == 200, asked.text
    shown = asked.json()
    assert shown["handoff"] == "person"
    assert (shown["decision"]["kind"], shown["decision"]["category"]) == ("hand_over", "person")
    assert shown["decision"]["evidence"]
    assert shown["understanding"]["wants_person"] > 0.5
    assert shown["template"] == "hand_over/1"
    assert (shown["provider"], shown["model"], shown["cost"]) == (None, None, "0")
    assert plain.json()["decision"].get("category") is None
    assert plain.json()["template"] == "answer/4"
    position = {"Retrace-Position": asked.headers["Retrace-Position"]}
    why = (await ours.http.get(f"/v1/interactions/{shown['id']}/why", headers=position)).json()
    assert why["decision"] == shown["decision"]
    assert why["understanding"] == shown["understanding"]
    assert why["routing"]["by"] == "decision"
    assert why["prompt"] == []
    counted = (await ours.http.get("/v1/analytics/decisions", headers=position)).json()["items"]
    sums = {(each["kind"], each["category"], each["agent"]): each["count"] for each in counted}
    assert sums == {("answer", None, "full"): 1, ("hand_over", "person", "full"): 1}
    recovered = (await ours.http.get("/v1/analytics/recoveries", headers=position)).json()
    assert recovered == {"asked": 0, "recovered": 0, "rate": None}


async def test_the_plain_agent_is_counted_apart_and_who_may_not_see_figures_sees_none(
    theirs: Customer,
) -> None:
    await theirs.http.put("/v1/flags/full_agent", json={"on": False})
    asked = await theirs.ask("When are you open?")
    forgot = await theirs.ask("Did you forget my question?")
    position = {"Retrace-Position": forgot.headers["Retrace-Position"]}
    counted = (await theirs.http.get("/v1/analytics/decisions", headers=position)).json()["items"]
    assert {each["agent"] for each in counted} == {"plain"}
    recovered = (await theirs.http.get("/v1/analytics/recoveries", headers=position)).json()
    assert recovered == {"asked": 1, "recovered": 0, "rate": 0.0}
    assert asked.status_code == 200
    headers = await theirs.limited("conversations:read")
    for path in ("/v1/analytics/decisions", "/v1/analytics/recoveries"):
        assert (await theirs.http.get(path, headers=headers)).status_code == 403
