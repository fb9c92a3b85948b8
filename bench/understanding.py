"""Understanding by rules, scored on public sets of customers' texts, half of which the rules were tuned on: the other half counts.

The sets are not part of this repository. `--data` names a folder that has them, as far as they are wanted (docs/understanding.md says whose
they are): `bitext.csv` (flags,utterance,category,intent), `banking.csv` (text,category), `clinc.json` (oos-eval's data_full.json),
`nlupp.json` (a list of {text, intents}) and `sentences/LANGUAGE.txt`. Nothing is asked of a network.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from domain.answers.understanding import FLAGGED, VERSION, Business, load, screen, understand
from domain.base.language import language_of

SEED, MIXED, PLAIN, SENTENCES = 14, 2_000, 5_000, 500
"""Of the joins; joined texts, ordinary texts, sentences a language that are looked at, at most."""

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "ar")
PERSON, SERVICE = "contact_human_agent", "contact_customer_service"
NOTHING = frozenset({"yes", "no", "maybe", "greeting", "thank_you", "goodbye"})
BUSINESS = Business()

Labelled = tuple[str, str]


def held_out(text: str) -> bool:
    """Of the half that nothing was tuned on."""
    return bool(hashlib.sha256(text.encode()).digest()[0] & 1)


def labelled(folder: Path) -> Iterator[tuple[str, list[Labelled]]]:
    """Sets of texts, each with one intent."""
    for name, text, label in (("bitext", "utterance", "intent"), ("banking", "text", "category")):
        if (path := folder / f"{name}.csv").exists():
            with path.open(encoding="utf-8-sig", newline="") as file:
                yield name, sorted({(row[text].strip(), row[label]) for row in csv.DictReader(file)})
    if (path := folder / "clinc.json").exists():
        data = json.loads(path.read_text())
        yield "clinc", sorted({(text, label) for part in ("train", "test") for text, label in data[part]})
    if (path := folder / "nlupp.json").exists():
        rows = json.loads(path.read_text())
        yield (
            "nlupp",
            sorted({(row["text"], PERSON if "handoff" in row["intents"] else "other") for row in rows}),
        )


def joined(
    texts: Sequence[Labelled], chance: random.Random, count: int
) -> Iterator[tuple[str, int, list[int]]]:
    """Texts with one to three different intents, in the shares of MixSNIPS (0.3, 0.5, 0.2), joined by words, stops and lines: how many there
    are, and where each but the first begins."""
    for _ in range(count):
        wanted = chance.choices((1, 2, 3), (0.3, 0.5, 0.2))[0]
        chosen: dict[str, str] = {}
        while len(chosen) < wanted:
            text, label = chance.choice(texts)
            chosen.setdefault(label, text)
        first, *others = chosen.values()
        begins = []
        for text in others:
            join = chance.choice(
                (" and ", ", and ", " and then ", ", and then ", ", also ", " plus ", ", ", ". ", "\n")
            )
            first = (first if join == "\n" else first.rstrip(" .?!")) + join
            begins.append(len(first))
            first += text
        yield first, wanted, begins


def share(count: int, of: Sequence[object]) -> float:
    return round(count / max(1, len(of)), 4)


def figures(folder: Path) -> dict[str, dict[str, float]]:
    """By name of the set: shares from 0 to 1, counts, and milliseconds of processor time a message."""
    found: dict[str, dict[str, float]] = {}
    for name, texts in labelled(folder):
        texts = [each for each in texts if held_out(each[0]) and each[1] not in NOTHING]
        chance = random.Random(SEED)
        if name != "nlupp":  # its labels are parts of intents
            mixed = list(joined(texts, chance, MIXED))
            right = sum(
                len(understand([text], business=BUSINESS).intents) == wanted for text, wanted, _ in mixed
            )
            found[f"{name}: number of intents right"] = {"texts": len(mixed), "share": share(right, mixed)}
        asking = [text for text, label in texts if label == PERSON]
        plain = [text for text, label in texts if label not in (PERSON, SERVICE)]
        plain = chance.sample(plain, min(PLAIN, len(plain)))
        found |= _shares(f"{name}: a request for a person found", asking, _wants_person)
        found |= _shares(f"{name}: a person wanted where none is", plain, _wants_person)
        found |= _shares(f"{name}: flagged as an order to the agent", plain, _flagged)
    right, of = 0, 0
    for language in LANGUAGES:
        if (path := folder / "sentences" / f"{language}.txt").exists():
            lines = [
                line for line in path.read_text().splitlines() if len(line.split()) >= 5 and held_out(line)
            ]
            lines = lines[:SENTENCES]
            good = sum(language_of(line) == language for line in lines)
            found[f"language {language} right"] = {"texts": len(lines), "share": share(good, lines)}
            begins = [" ".join(line.split()[: 5 + len(line) % 4]) for line in lines]
            short = sum(language_of(begin) == language for begin in begins)
            found[f"language {language} right by 5 to 8 words"] = {
                "texts": len(lines),
                "share": share(short, lines),
            }
            right, of = right + good, of + len(lines)
    if of:
        found["language right"] = {"texts": of, "share": round(right / of, 4)}
    return found


def _shares(name: str, texts: Sequence[str], true: Callable[[str], bool]) -> dict[str, dict[str, float]]:
    return {name: {"texts": len(texts), "share": share(sum(map(true, texts)), texts)}} if texts else {}


def _wants_person(text: str) -> bool:
    return understand([text], business=BUSINESS).wants_person >= 0.5


def _flagged(text: str) -> bool:
    return screen(text).score >= FLAGGED


def speed(folder: Path) -> dict[str, dict[str, float]]:
    """Milliseconds of processor time: a usual message, and one of 8,000 characters."""
    texts = [text for _, each in labelled(folder) for text, _ in each][::40][:500]
    if not texts:
        return {}
    load()
    began = time.process_time()
    for text in texts:
        understand([text], business=BUSINESS)
    usual = (time.process_time() - began) * 1000 / len(texts)
    long = " ".join(texts)[:8_000]
    began = time.process_time()
    understand([long], business=BUSINESS)
    longest = (time.process_time() - began) * 1000
    return {
        "a usual message": {"texts": len(texts), "ms": round(usual, 2)},
        "a message of 8,000 characters": {"texts": 1, "ms": round(longest, 1)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Score the rules of understanding on public sets of texts in a folder."
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the folder with the sets")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    given = parser.parse_args()
    found = figures(given.data) | speed(given.data)
    if not found:
        parser.error(f"{given.data} has none of the sets; docs/understanding.md says which there are")
    if given.json:
        print(json.dumps({"version": VERSION, "figures": found}))
        return
    table = Table("figure", "texts", "share or ms", title=f"rules/{VERSION}, the half that was not tuned on")
    for name, values in found.items():
        table.add_row(name, str(int(values["texts"])), str(values.get("share", values.get("ms"))))
    Console().print(table)


if __name__ == "__main__":
    main()
