"""Production cases: exported redacted, made again without a deployment, with what differs shown."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from application.replay.cases.case import Case, read_case, written
from application.replay.cases.export import ExportCase, Exported, export_case
from application.replay.cases.run import ReplayCase, replay_case
from domain.answers.variant import Variant
from domain.base.errors import Invalid, NotFound
from interfaces.cases import bench
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import process, upload

SAID = (
    "Hello, my name is Zora Quill. When are you open? My order is 48291733.",
    "Quill again: write to zora@quill.example or ring 0170 1234567. When do you close?",
)
SECRETS = ("zora", "quill", "48291733", "1234567")


async def conversation(shop: Shop) -> UUID:
    shop.provider.text = "Zora, we are open from nine to five [1]. We write to zora@quill.example."
    await process(shop, (await upload(shop)).document)
    for text in SAID:
        got = await shop.receive(text)
        await shop.answer(got.conversation)
    return got.conversation


async def exported(shop: Shop, id: UUID, *, redact: bool = True) -> Exported:
    command = ExportCase(conversation=id, redact=redact)
    return await export_case(command, shop.context, shop.ports, bench())


async def test_a_redacted_case_tells_the_same_texts_again_and_shows_what_another_agent_tells(
    shop: Shop,
) -> None:
    id = await conversation(shop)
    head, asked = await shop.parts.reads.head(shop.context.tenant), len(shop.provider.asked)
    found = await exported(shop, id)
    assert (found.drifted, found.changed, found.case.left_out) == ({}, (), {})
    file = written(found.case)
    assert [secret for secret in SECRETS if secret in file.decode().lower()] == []
    case = read_case(file)
    assert case == found.case
    assert case.masked == {"mail": 1, "name": 3, "number": 1, "phone": 1}
    assert [answer.texts[-1].count("[MAIL_1]") for answer in case.answers] == [1, 1]
    assert "[NAME_" in case.answers[0].texts[-1]
    again = await replay_case(case, ReplayCase(), bench())
    assert (len(again.answers), again.differing) == (2, ())
    brief = await replay_case(
        case, ReplayCase(variant=Variant(configuration={"attribution": False})), bench()
    )
    assert {each.number for each in brief.differing} == {1, 2}
    assert "-" in brief.differing[0].text
    assert "+[NAME" in brief.differing[0].text
    assert await shop.parts.reads.head(shop.context.tenant) == head
    assert len(shop.provider.asked) == asked


async def test_another_prompt_has_no_completion_unless_the_one_of_then_is_to_do(shop: Shop) -> None:
    case = (await exported(shop, await conversation(shop))).case
    curt = Variant(configuration={"personality": ["curt"]})
    found = await replay_case(case, ReplayCase(variant=curt), bench())
    assert {each.why for each in found.differing} == {"the prompt is another"}
    assert "+You are" in found.differing[0].prompt
    assert found.differing[0].text == ""
    loose = await replay_case(case, ReplayCase(variant=curt, loose=True), bench())
    assert loose.differing == ()
    anew = await replay_case(
        case, ReplayCase(variant=Variant(configuration={"document_results": 1})), bench()
    )
    assert {each.why for each in anew.differing} == {
        "passages would be looked for anew, which a case has none of"
    }
    with pytest.raises(Invalid, match="no .voice."):
        await replay_case(case, ReplayCase(variant=Variant(configuration={"voice": "deep"})), bench())


async def test_a_plain_case_has_what_was_said_and_a_text_that_was_changed_in_the_file_is_shown(
    shop: Shop,
) -> None:
    case = (await exported(shop, await conversation(shop), redact=False)).case
    assert "zora@quill.example" in written(case).decode()
    assert (await replay_case(case, ReplayCase(), bench())).differing == ()
    first, *others = case.answers
    wanted = replace(first, disclosure="I am no machine.")
    changed = replace(case, answers=(wanted, *others))
    (found,) = (await replay_case(changed, ReplayCase(), bench())).differing
    assert "-I am no machine." in found.text


async def test_what_is_no_conversation_or_no_case_is_told(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await exported(shop, uuid4())
    for data in (b"", b"[]", b"{}", b'{"form": 99}', b'{"form": 1}', b"\xff\xfe"):
        with pytest.raises(Invalid):
            read_case(data)
    assert Case.__struct_fields__[0] == "form"
