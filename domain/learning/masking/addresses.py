"""Postal addresses, as they are written in the languages that understanding knows. Data; every pattern is bounded.

All but those of WITHOUT_FIGURES hold a digit.
"""

from __future__ import annotations

import re

_W = r"[\w'’.\-]{1,40}"
_CAP = r"[^\W\d_a-zß-öø-ÿа-я][\w'’.\-]{0,40}"
"""A word with a capital, or of a script without."""

_NUMBER = r"\d{1,5}\s?[a-zA-Z]?(?:\s?[-–/]\s?\d{1,5}[a-zA-Z]?)?(?![\w])"
_BEFORE = r"(?:n[º°o]\.?|№|д\.|дом|nr\.?|No:?|numer|رقم)?\s{0,2}"

WITHOUT_FIGURES: tuple[re.Pattern[str], ...] = (
    # tr
    re.compile(rf"(?:\b{_CAP}\s){{1,3}}(?i:caddesi|cad\.|cd\.|sokağı|sokak|sok\.|sk\.|mahallesi|mah\.|bulvarı|blv\.|apartmanı)(?:,?\s(?i:no|numara|daire|kat)\s?[:.]?\s?\d{{1,4}}(?:/\d{{1,4}})?)?"),
    # a place that was sent as such (domain/conversations/content.py)
    re.compile(r"\[location [^\]\n]{0,500}\]"),
)  # fmt: skip

ADDRESSES: tuple[re.Pattern[str], ...] = (
    # de, nl: the kind of street is the word's end, or a word of its own; or a place by its preposition
    re.compile(rf"\b[^\W\d_][\w'.-]{{0,40}}?(?i:straße|strasse|str\.?|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|stieg|straat|laan|plein|gracht|kade|dijk|singel|steeg|markt)\s{_NUMBER}"),
    re.compile(rf"\b{_CAP}(?:er|e)?\s(?:Straße|Strasse|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Markt|Berg)\s{_NUMBER}"),
    re.compile(rf"\b(?:Am|An\s(?:der|den|dem)|Im|In\s(?:der|den|dem)|Auf\s(?:der|dem)|Zum|Zur|Unter\sden|Hinter\s(?:der|dem)|Beim)\s{_CAP}(?:\s{_CAP})?\s{_NUMBER}"),
    # en
    re.compile(rf"\b\d{{1,5}}[A-Za-z]?,?\s(?:{_W}\s){{1,3}}(?i:street|road|avenue|lane|drive|boulevard|terrace|crescent|highway)\b\.?"),
    re.compile(rf"\b\d{{1,5}}[A-Za-z]?,?\s(?:{_CAP}\s){{1,4}}(?:St|Rd|Ave|Ln|Dr|Blvd|Court|Ct|Way|Place|Pl|Square|Sq|Close|Gardens|Grove|Mews|Row|Hill|Park|Parkway|Walk|Green|Hwy)\b\.?(?:,?\s(?:Apt|Apartment|Flat|Unit|Suite|Ste)\.?\s?#?\w{{1,6}})?"),
    re.compile(r"\b(?i:flat|apartment|apt\.?|unit|suite|p\.?\s?o\.?\sbox|postfach|boîte postale|bp)\s#?\d{1,6}[A-Za-z]?\b"),
    # fr
    re.compile(rf"(?i)\b\d{{1,4}}\s?(?:bis|ter|[a-d]\b)?,?\s(?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|allée|allee|quai|cours|route|square|villa|passage|faubourg)\s(?:(?:de|du|des|la|le|les|d['’]|l['’])\s?){{0,3}}{_W}(?:[ -](?-i:{_CAP})|\s(?:de|du|des|la|le|et)\s{_W}){{0,4}}"),
    # es, it, pt, pl, ru: the kind of street comes first
    re.compile(rf"(?i)\b(?:calle|c/|avenida|avda\.?|av\.|plaza|paseo|pº|carrer|ronda|camino|carretera|viale|piazza|piazzale|corso|vicolo|strada|largo|rua|r\.|travessa|praça|praca|alameda|estrada|ulica|ul\.|aleja|al\.|osiedle|os\.|plac|pl\.|улица|ул\.|проспект|пр-т|пр\.|переулок|пер\.|шоссе|набережная|наб\.|бульвар)\s?(?:{_W}\s){{0,5}}?{_W},?\s{_BEFORE}{_NUMBER}"),
    re.compile(rf"\b(?:Via|via)\s(?:{_W}\s){{0,3}}?{_CAP},?\s{_BEFORE}{_NUMBER}"),
    # ar
    re.compile(rf"(?:شارع|طريق|حي|جادة)\s{_W}(?:\s{_W}){{0,2}}?(?:[،,]?\s(?:{_BEFORE})\d{{1,5}})"),
    # postal codes with their places
    re.compile(rf"(?<![\d.,-])(?:[A-Z]{{1,2}}-)?\d{{5}}\s{_CAP}(?:[ -]{_CAP}){{0,3}}"),
    re.compile(rf"(?<![\d.,-])(?:\d{{2}}-\d{{3}}|\d{{4}}-\d{{3}})\s{_CAP}(?:[ -]{_CAP}){{0,3}}|(?<!\d)\d{{4}}\s?[A-Z]{{2}}\s{_CAP}"),
    re.compile(r"\b(?i:[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})\b|\b[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}\b"),
    re.compile(rf"\b{_CAP}(?:\s{_CAP})?,?\s[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?(?!\d)"),
)  # fmt: skip

PLACE_AFTER = re.compile(
    rf"(\[ADDRESS(?:_\d{{1,6}})?\])(?:,?\s(?:[A-Z]{{1,2}}-)?\d{{4,6}}(?:\s{_CAP}(?:[ -]{_CAP}){{0,2}})?|,\s{_CAP}(?:[ -]{_CAP}){{0,2}})"
)
"""What follows an address that was found, and belongs to it: a postal code, a town."""
