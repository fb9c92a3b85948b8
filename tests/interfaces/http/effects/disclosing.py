"""Who answers is disclosed."""

from __future__ import annotations

import json

from tests.interfaces.http.effects.world import Proof, World


async def disclosure(world: World) -> None:
    await world.configure(disclosure="Beep.")
    assert (await world.ask())["disclosure"] == "Beep."


async def disclosures(world: World) -> None:
    await world.configure(disclosures={"de": "Piep."})
    assert (await world.ask("Wann haben Sie am Samstag geöffnet?"))["disclosure"] == "Piep."


async def disclose_completions(world: World) -> None:
    """The first answer over the completions API says it nowhere, beside the text, or before it."""
    seen = []
    for mode in ("off", "field", "text"):
        await world.configure(disclosure="Beep.", disclose_completions=mode)
        name = {"text": " Agent"}.get(mode, "agent")  # as a name is taken
        body = {"model": name, "messages": [{"role": "user", "content": f"Open {mode} on Sunday?"}]}
        reply = await world.customer.http.post("/v1/chat/completions", json=body)
        content = reply.json()["choices"][0]["message"]["content"]
        seen.append((reply.json()["retrace"]["disclosure"], content.startswith("Beep.\n\n")))
        streamed = await world.customer.http.post("/v1/chat/completions", json={**body, "stream": True})
        chunks = [json.loads(line[6:]) for line in streamed.text.splitlines() if line.startswith("data: {")]
        pieces = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]]
        assert "".join(pieces).startswith("Beep.\n\n") == (mode == "text")
        later = {
            **body,
            "messages": [*body["messages"], {"role": "assistant", "content": "Yes."}, *body["messages"]],
        }
        answered = (await world.customer.http.post("/v1/chat/completions", json=later)).json()
        assert answered["retrace"]["disclosure"] is None
    assert seen == [(None, False), ("Beep.", False), ("Beep.", True)]


AGENT: dict[str, Proof] = {
    "disclosure": disclosure,
    "disclosures": disclosures,
    "disclose_completions": disclose_completions,
}
