"""Words that tell a demanding question, by language. Data of `domain/gateway/complexity.py`.

Written without accents and capitals, as they are matched; `*` stands for any ending, a space for spaces or hyphens. No entry may
contain another one: the shorter would do (a test holds that).
"""

from __future__ import annotations

WORKING: dict[str, tuple[str, ...]] = {
    "en": (
        "analys*", "analyz*", "compar*", "calcul*", "evalu*", "estimat*", "assess*", "contrast*", "forecast*",
        "prioriti*", "justif*", "summar*", "synthes*", "optimise*", "optimisi*", "optimisa*", "optimize*",
        "optimizi*", "optimiza*", "trade off*", "tradeoff*", "pros and cons", "advantages and disadvantages",
        "step by step", "break down", "breakdown*", "cost benefit", "work out",
    ),
    "de": (
        "vergleich*", "verglich*", "berechn*", "kalkulier*", "auswert*", "bewert*", "beurteil*", "abwag*",
        "optimier*", "prognos*", "hochrechn*", "gegenuberstell*", "zusammenfass*", "begrund*", "schatz*",
        "vor und nachteile*", "vorteile und nachteile", "schritt fur schritt",
    ),
    "es": (
        "analiz*", "analis*", "estimar", "estimacion*", "pronostic*", "proyeccion*", "desglos*", "prioriz*",
        "sintetiz*", "resumen", "resumir", "resumeme", "ventajas y desventajas", "pros y contras",
        "paso a paso",
    ),
    "fr": (
        "synthetis*", "prevision*", "chiffrer", "chiffrez", "prioris*", "recapitul*", "resumer", "resumez",
        "estimer", "estimez", "avantages et inconvenients", "le pour et le contre", "etape par etape",
        "pas a pas",
    ),
    "pt": (
        "avali*", "otimiz*", "previsao", "previsoes", "resuma", "resumo", "vantagens e desvantagens",
        "pros e contras", "passo a passo",
    ),
    "it": (
        "calcol*", "confront*", "paragon*", "valutare", "valutat*", "valutazion*", "valutiamo", "stimare",
        "ottimizz*", "riassum*", "giustific*", "pro e contro", "pro e i contro", "vantaggi e svantaggi",
        "passo dopo passo", "passo per passo",
    ),
    "nl": (
        "vergelijk*", "vergeleken", "bereken*", "beoordel*", "beoordeel*", "inschat*", "schatting*",
        "optimalis*", "samenvat*", "vat samen", "onderbouw*", "afweg*", "uitsplits*", "prioriteer*",
        "voor en nadelen", "voordelen en nadelen", "stap voor stap",
    ),
}  # fmt: skip
"""Something is to be worked out: 2 points each."""

REASONING: dict[str, tuple[str, ...]] = {
    "en": (
        "why", "explain*", "explanation*", "reason", "reasons", "reasoning", "differ", "differenc*", "depend*",
        "instead", "unless", "whether", "what if", "scenari*", "consequenc*", "implication*", "troubleshoot*",
        "diagnos*", "alternativ*", "recommend*", "versus", "vs", "in detail", "detailed", "elaborat*",
        "strateg*", "combin*", "convert*", "requirement*", "better",
    ),
    "de": (
        "warum", "wieso", "weshalb", "erklar*", "erlauter*", "unterschied*", "grund", "grunde", "abhang*",
        "stattdessen", "anstatt", "es sei denn", "falls", "szenari*", "empfehl*", "empfiehl*", "umrechn*",
        "ausfuhrlich*", "besser", "voraussetz*", "kombin*",
    ),
    "es": (
        "por que", "explica*", "expliqu*", "diferenc*", "escenari*", "recomend*", "recomiend*", "en detalle",
        "detallad*", "mejor", "en vez de", "en lugar de", "a menos que", "salvo que", "consecuenci*",
        "requisit*", "conviert*", "razon", "razones",
    ),
    "fr": (
        "pourquoi", "recommand*", "en detail", "detaill*", "mieux", "au lieu de", "a moins que", "sauf si",
        "raison", "raisons",
    ),
    "pt": ("cenario*", "em detalhe*", "detalhad*", "melhor", "em vez de", "razao", "razoes"),
    "it": (
        "perche", "spieg*", "differenz*", "dipend*", "consigli*", "raccomand*", "in dettaglio",
        "nel dettaglio", "dettagliat*", "meglio", "migliore", "invece di", "a meno che", "conseguenz*",
    ),
    "nl": (
        "waarom", "leg uit", "uitleg*", "verklaar*", "verschil*", "afhank*", "afhang*", "alternatief",
        "aanbevel*", "aanraden", "in plaats van", "tenzij", "gevolgen", "gedetailleerd*", "beter", "vereist*",
        "omreken*",
    ),
}  # fmt: skip
"""Something is to be understood or weighed: 1 point each."""
