"""What shops' sheets say, apart from how a program writes them: lists of prices, sizes and stock, with what is to come out of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Ruled = Literal["grid", "lines", "none", "stripes"]
Upright = Literal["top", "middle", "bottom"]


@dataclass(frozen=True)
class Raised:
    """A text with a small raised one behind it, and how both are told."""

    base: str
    raised: str
    told: str


Cell = str | Raised
Rows = list[list[str]]


@dataclass(frozen=True)
class Grid:
    """A table. `widths` of its columns, in points; cells that are too long for theirs go over several lines."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[int]
    ruled: Ruled = "grid"
    upright: Upright = "top"
    size: int = 10


@dataclass(frozen=True)
class Prose:
    paragraphs: Sequence[str]
    columns: int = 1


@dataclass(frozen=True)
class Form:
    fields: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Sheet:
    title: str
    blocks: Sequence[Grid | Prose | Form]
    rows: Rows = field(default_factory=list)
    """What is to come out: a row's cells, the first of which names it, or a sentence alone."""
    landscape: bool = False
    rtl: bool = False


RULED: Sequence[Ruled] = ("grid", "lines", "none", "stripes")
UPRIGHT: Sequence[Upright] = ("top", "middle", "bottom")
NAMES = ("Tent", "Stove", "Lamp", "Rucksack", "Kettle", "Hammock", "Axe", "Rope")
MORE = (
    "with a bag and two poles",
    "for winter tours in high mountains",
    "in a box of recycled paper",
    "with straps that can be taken off",
    "made in small numbers by hand",
    "Blue Edition with 3 Poles",
    "of Merino Wool, Size L, Winter Collection 2026",
)


def money(random: Random, mark: str = ".") -> str:
    whole = random.choice([random.randint(1, 99), random.randint(100, 999), random.randint(1000, 9999)])
    parts = {".": ",", ",": "."}[mark]
    return f"{whole:,}".replace(",", parts) + f"{mark}{random.randint(0, 99):02}"


def told(cells: Sequence[Cell]) -> list[str]:
    return [cell if isinstance(cell, str) else cell.told for cell in cells]


def visual(text: str) -> str:
    """As it is drawn from left to right: Hebrew turned round."""
    return text[::-1] if any("\u05d0" <= letter <= "\u05ea" for letter in text) else text


def prices(random: Random) -> Sheet:
    """A list over three pages, its head on each."""
    mark = random.choice(".,")
    rows = [
        [f"{random.choice(NAMES)} No. {n}", f"A-{random.randint(1000, 9999)}-{n}", str(random.randint(0, 99))]
        + [money(random, mark)]
        for n in range(100, 100 + random.randint(80, 110))
    ]
    grid = Grid(
        ("Article", "Number", "Stock", "Price"), rows, (150, 110, 70, 90), random.choice(RULED), "middle"
    )
    return Sheet("Price list 2026", [grid], rows)


def sizes(random: Random) -> Sheet:
    """A wide chart of sizes on a page on its side."""
    head = ["Part", *(str(36 + 2 * n) for n in range(9))]
    rows = [
        [name, *(str(random.randint(20, 120)) for _ in range(9))]
        for name in ("Chest", "Waist", "Hips", "Arm", "Leg", "Neck", "Foot", "Back", "Wrist")
    ]
    grid = Grid(head, rows, [90, *[62] * 9], random.choice(RULED), "middle", 11)
    return Sheet("Sizes in centimetres", [grid], [head, *rows], landscape=True)


def wrapped(random: Random) -> Sheet:
    """Stock, with names and places that go over several lines."""
    rows: Rows = []
    for n in range(18):
        name = f"{random.choice(NAMES)} No. {n + 100} {random.choice(MORE)}"
        if n % 3 == 0:
            name += f" and {random.choice(MORE)}"
        place = random.choice(
            ["Hall A", "Hall B, behind the gate", "Outside, below the roof of the old store"]
        )
        rows.append([name, place, str(random.randint(0, 400)), money(random)])
    grid = Grid(
        ("Article", "Place", "Stock", "Price"),
        rows,
        (150, 110, 60, 80),
        random.choice(RULED),
        random.choice(UPRIGHT),
    )
    return Sheet("Stock", [grid], rows)


def cents(random: Random) -> Sheet:
    """Prices with small raised cents beside plain ones."""
    mark = random.choice(".,")
    rows: list[list[Cell]] = []
    for n in range(20):
        if n % 2:
            rows.append(
                [f"{random.choice(NAMES)} No. {n + 100}", str(random.randint(1, 9)), money(random, mark)]
            )
        else:
            whole, rest = str(random.randint(1, 399)), f"{random.randint(0, 99):02}"
            told_as = f"{whole}{mark}{rest}"
            rows.append(
                [
                    f"{random.choice(NAMES)} No. {n + 100}",
                    str(random.randint(1, 9)),
                    Raised(whole, rest, told_as),
                ]
            )
    grid = Grid(("Article", "Pieces", "Price"), rows, (180, 90, 110), random.choice(RULED), "middle", 14)
    return Sheet("This week", [grid], [told(row) for row in rows])


def footnotes(random: Random) -> Sheet:
    """Numbers of footnotes at prices, and measures with a raised figure."""
    rows: list[list[Cell]] = []
    for n in range(16):
        price, area, note = money(random), str(random.randint(2, 40)), random.randint(1, 9)
        noted = f"{price} {'⁰¹²³⁴⁵⁶⁷⁸⁹'[note]}"
        rows.append(
            [f"{random.choice(NAMES)} No. {n + 100}"]
            + [Raised(price, str(note), noted) if n % 2 else price, Raised(f"{area} m", "2", f"{area} m²")]
        )
    grid = Grid(("Article", "Price", "Area"), rows, (180, 110, 90), random.choice(RULED), "middle", 11)
    return Sheet("Rental prices", [grid], [told(row) for row in rows])


def columns(random: Random) -> Sheet:
    """Text in two columns with prices in its sentences, and a table behind it."""
    sentences = [
        f"The service K-{100 + n} takes {random.randint(2, 30)} days and costs {money(random)} euros for up to {random.randint(2, 9)} pieces."
        for n in range(14)
    ]
    filler = "Unworn shoes can be sent back within some weeks, and we answer each letter as soon as we can."
    paragraphs = [f"{sentence} {filler}" for sentence in sentences]
    rows = [
        [f"{random.choice(NAMES)} No. {n + 200}", str(random.randint(1, 9)), money(random)] for n in range(8)
    ]
    grid = Grid(("Article", "Pieces", "Price"), rows, (180, 90, 110), random.choice(RULED), "middle")
    return Sheet("Workshop", [Prose(paragraphs, 2), grid], [*([sentence] for sentence in sentences), *rows])


def form(random: Random) -> Sheet:
    """A form that is filled in."""
    labels = ("Deposit", "Rent a day", "Days", "Cleaning", "Insurance", "Tax", "In all", "Paid", "Left")
    fields = [(label, str(random.randint(1, 30)) if label == "Days" else money(random)) for label in labels]
    return Sheet("Rental agreement", [Form(fields)], [list(each) for each in fields])


def right_to_left(random: Random) -> Sheet:
    """Hebrew, the first column at the right."""
    words = ("אוהל", "כירה", "מנורה", "תרמיל", "קומקום", "גרזן", "חבל")
    rows = [
        [
            f"{words[n % len(words)]} {'אבגדהוזחטיכל'[n]}",
            f"{random.randint(100, 999)}-{random.randint(1000, 9999)}",
            str(random.randint(0, 99)),
            f"{random.randint(1, 999)}.{random.randint(0, 99):02}",
        ]
        for n in range(12)
    ]
    grid = Grid(("מוצר", "מספר", "מלאי", "מחיר"), rows, (130, 110, 80, 90), "none", "middle", 11)
    return Sheet("מחירון", [grid], rows, rtl=True)


def dense(random: Random) -> Sheet:
    """Little room between the columns, a head over two lines, ranges, percent and minus."""
    rows = [
        [
            f"{random.choice(NAMES)} No. {n + 100}",
            f"{random.randint(36, 41)}-{random.randint(42, 47)}",
            f"{random.randint(1, 9)} × {random.randint(10, 90)}",
            f"-{random.randint(1, 30)} %",
            str(random.randint(1, 9)),
            money(random),
        ]
        for n in range(24)
    ]
    head = ("Article", "Sizes from and to", "Packed as pieces", "Off", "Days", "Price in euros")
    grid = Grid(head, rows, (105, 55, 60, 45, 38, 62), random.choice(RULED), "bottom", 9)
    return Sheet("Outlet", [grid], rows)


def scan(random: Random) -> Sheet:
    """Of a table in large letters."""
    rows = [
        [
            f"{random.choice(NAMES)} No. {n + 100}",
            f"{random.randint(1000, 9999)}-{random.randint(10, 99)}",
            str(random.randint(10, 99)),
            f"{random.randint(10, 999)}.{random.randint(0, 99):02}",
        ]
        for n in range(20)
    ]
    grid = Grid(
        ("Article", "Number", "Stock", "Price"),
        rows,
        (150, 110, 70, 90),
        random.choice(("grid", "lines", "none")),
        "middle",
        12,
    )
    return Sheet("Price list 2026", [grid], rows)


KINDS: Sequence[Callable[[Random], Sheet]] = (
    prices,
    sizes,
    wrapped,
    cents,
    footnotes,
    columns,
    form,
    right_to_left,
    dense,
    scan,
)
