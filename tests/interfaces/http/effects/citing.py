"""What an answer rests on, and how that is shown."""

from __future__ import annotations

from tests.interfaces.http.conftest import settled
from tests.interfaces.http.effects.world import NUMBERS, Proof, World


async def retrieve_documents(world: World) -> None:
    assert "Shelf 3" in await world.system()
    assert "Shelf" not in await world.system(retrieve_documents=False)


async def attribution(world: World) -> None:
    """What an answer rests on is known either way; `attribution` says whether its text shows it."""
    world.upstream.script = lambda body: "cites"
    shown = []
    for on in (True, False):
        await world.configure(attribution=on)
        answer = await world.ask()
        shown.append("[1]" in answer["text"])
        assert [each["marker"] for each in answer["citations"]] == [1]
    assert shown == [True, False]


async def attribution_style(world: World) -> None:
    """The customer is told what an answer cites; on record it has its markers."""
    world.upstream.script = lambda body: "cites"
    told = []
    for style in ("markers", "inline", "endnotes"):
        await world.configure(attribution_style=style)
        answer = await world.ask()
        assert answer["text"].endswith("[1]")
        told.append(answer["answer"].removeprefix(f"{answer['disclosure']}\n\n"))
    assert told == [
        "Yes. [1]",
        "Yes. (shelves.txt, page 1)",
        "Yes. [1]\n\nSources:\n[1] shelves.txt, page 1",
    ]


async def document_results(world: World) -> None:
    for number in range(2):
        content = f"Shelf {number} is at the door {number}.".encode()
        made = await world.customer.http.post("/v1/documents", files={"file": (f"{number}.txt", content)})
        await settled(world.customer, f"/v1/documents/{made.json()['id']}")
    shown = []
    for most in (1, 3):
        await world.configure(document_results=most)
        made = await world.customer.ask("Which shelf?", address=f"customer {next(NUMBERS)}")
        position = {"Retrace-Position": made.headers["Retrace-Position"]}
        why = await world.customer.http.get(f"/v1/interactions/{made.json()['id']}/why", headers=position)
        shown.append(len(why.json()["passages"]))
    assert shown == [1, 3]


def cut_by(field: str, **sizes: int) -> Proof:
    """A file is cut by what is set when it comes; what was cut stays until it is processed again."""

    async def prove(world: World) -> None:
        http = world.customer.http
        said = [f"Shelf {field} {n} is at the door {n}." for n in range(60)]
        text = " ".join(said[:16]) + "\n\n" + " ".join(said[16:])
        made = await http.post("/v1/documents", files={"file": (f"{field}.txt", text.encode())})
        address = f"/v1/documents/{made.json()['id']}"
        before = await settled(world.customer, address)
        await world.configure(**sizes)
        assert (await http.get(address)).json()["statistics"] == before["statistics"]
        await http.post(f"{address}/reprocess")
        after = (await http.get(f"{address}?wait=60")).json()
        kept, anew = before["statistics"], after["statistics"]
        name = {"smallest_chunk": "smallest", "largest_chunk": "largest", "chunk_overlap": "overlap"}[field]
        assert anew["cut"][name] == sizes[field] != kept["cut"][name]
        assert (anew["chunks"], anew["tokens"]) != (kept["chunks"], kept["tokens"])
        refused = await http.put(
            "/v1/agent/configuration", json={**sizes, "smallest_chunk": 60, "chunk_overlap": 50}
        )
        assert (refused.status_code, "smallest_chunk (60)" in refused.json()["detail"]) == (400, True)

    return prove


AGENT: dict[str, Proof] = {
    "retrieve_documents": retrieve_documents,
    "attribution": attribution,
    "attribution_style": attribution_style,
    "document_results": document_results,
    "smallest_chunk": cut_by("smallest_chunk", smallest_chunk=150),
    "largest_chunk": cut_by("largest_chunk", largest_chunk=350),
    "chunk_overlap": cut_by("chunk_overlap", chunk_overlap=0),
}
