"""The demo's data: what its script makes, all kinds of it, and small."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pypdfium2
import pytest

from domain.agents.agent import AgentConfiguration
from domain.retrieval.knowledge_rows import EntryRow, rows_of
from infra.retrieval.forking import Unreadable
from infra.retrieval.ocr import Scans
from infra.retrieval.preparing import read_file
from interfaces.http.shop.product_forms import ProductIn
from interfaces.http.shop.service import ServiceIn

ROOT = Path(__file__).parents[3]
DATA = ROOT / "interfaces" / "cli" / "demo" / "data"
PDF = "application/pdf"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text())


@pytest.fixture(scope="module", name="script")
def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_demo_documents", ROOT / "tools" / "make_demo_documents.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pictured(content: bytes) -> np.ndarray:
    document = pypdfium2.PdfDocument(content)
    try:
        return document[0].render(grayscale=True).to_numpy().astype(int)
    finally:
        document.close()


def test_the_files_that_are_kept_are_those_that_the_script_makes(script: ModuleType) -> None:
    assert {path.name for path in DATA.glob("*.pdf")} == set(script.DOCUMENTS)
    for name, made in script.DOCUMENTS.items():
        kept, new = (DATA / name).read_bytes(), made()
        assert np.abs(pictured(kept) - pictured(new)).mean() < 0.5, (
            f"run tools/make_demo_documents.py for {name}"
        )
        if name != "service-guide.pdf":
            assert read_file(kept, PDF).pages == read_file(new, PDF).pages, (
                f"run tools/make_demo_documents.py for {name}"
            )


def test_the_product_guide_is_read_column_by_column() -> None:
    pages = dict(read_file((DATA / "product-guide.pdf").read_bytes(), PDF).pages)
    names = [
        each["name"]
        for each in tomllib.loads((ROOT / "tools" / "demo" / "texts.toml").read_text())["product"]
    ]
    for place, name in enumerate(names):
        page = str(pages[1 + place // 2])
        assert name in page
    first = str(pages[1])
    left, right = first.index("A repair kit for"), first.index("Nordfell Ridge 45")
    assert left < first.index("39 euros") < right


def test_the_service_guide_is_a_scan_of_which_nothing_is_read_without_ocr_and_all_with_it() -> None:
    content = (DATA / "service-guide.pdf").read_bytes()
    with pytest.raises(Unreadable, match="OCR"):
        read_file(content, PDF)
    found = read_file(content, PDF, Scans())
    assert list(found.recognised) == [1]
    text = " ".join(str(found.pages[0][1]).split())
    for each in tomllib.loads((ROOT / "tools" / "demo" / "texts.toml").read_text())["service"]:
        assert each["text"] in text


def test_the_catalogue_has_goods_described_well_and_hardly_of_brands_and_services_with_slots() -> None:
    goods = read("catalogue.toml")
    products = [msgspec.convert({**each, "currency": "EUR"}, ProductIn) for each in goods["products"]]
    services = [msgspec.convert({**each, "currency": "EUR"}, ServiceIn) for each in goods["services"]]
    described = [len(each.description) >= 50 for each in products]
    assert True in described
    assert False in described
    assert any(brand in each.tags and brand in each.name for each in products for brand in each.tags)
    assert any(each.stock == 0 for each in products)
    assert all(each.availability.weekly for each in services)


def test_the_knowledge_is_taken_row_by_row() -> None:
    assert all(isinstance(row, EntryRow) for row in rows_of((DATA / "knowledge.csv").read_bytes()))


def test_the_agents_are_configurations_with_and_without_attribution_and_with_what_they_can_and_cannot_do() -> (
    None
):
    agents = [msgspec.convert(each, AgentConfiguration) for each in read("agents.toml").values()]
    for each in agents:
        each.check()
    assert {each.attribution for each in agents} == {True, False}
    assert {each.retrieve_internet for each in agents} == {True, False}
    assert any(each.can_do != AgentConfiguration().can_do and each.cannot_do for each in agents)


def test_there_is_a_question_of_each_kind() -> None:
    questions = read("questions.toml")["question"]
    kinds = {each["kind"] for each in questions}
    assert kinds >= {
        "document",
        "scanned document",
        "knowledge",
        "product",
        "price",
        "service",
        "several questions",
    }
    assert kinds >= {
        "reference to what was said",
        "without attribution",
        "for a person",
        "unknown",
        "one of several",
    }
    assert {each["agent"] for each in questions if "agent" in each} <= set(read("agents.toml"))


def test_the_data_is_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 100_000
