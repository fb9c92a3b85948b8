"""An explanation of an answer, for people."""

from __future__ import annotations

from application.audit.explanation import Explanation
from domain.answers.context_window import Cut
from domain.models.page_range import pages_told
from interfaces.cli.base import console, print_table


def print_why(found: Explanation) -> None:
    """An explanation for people."""
    console.print(f"interaction {found.interaction} · {found.status}", style="bold")
    for message in found.messages:
        console.print(f"  customer: {message.said}", markup=False)
    if found.disclosure:
        console.print(f"  disclosed: {found.disclosure}", markup=False)
    if found.answer is not None:
        console.print(f"  agent: {found.answer}", markup=False)
    if found.reason is not None:
        console.print(f"  no whole answer: {found.reason}", markup=False)
    _print_decided(found)
    _print_routed(found)
    _print_attempts(found)
    _print_passages(found)
    console.print(f"  confidence {found.confidence}, handoff: {found.handoff or 'none'}, cost ${found.cost}")
    console.print(f"  prompt: template {found.template}, configuration version {found.configuration_version}")
    _print_prompt(found)
    rows = [
        [e.position, e.kind, e.recorded_at.isoformat(timespec="milliseconds"), e.actor, e.hash[:16]]
        for e in found.evidence
    ]
    print_table("events", ["position", "kind", "recorded at", "actor", "hash"], rows)


def _print_decided(found: Explanation) -> None:
    """What the messages were understood to say, what was done about it, what the prompt left out."""
    if (understood := found.understanding) is not None:
        wanted = (
            ", ".join(f"{each.name} ({each.urgency:g})" for each in understood.intents) or "nothing named"
        )
        console.print(
            f"  understood by {understood.by}: {wanted}; language {understood.language}", markup=False
        )
    if found.decision is not None and found.decision.category is not None:
        decided = found.decision
        why = "; ".join(decided.evidence)
        console.print(
            f"  decided: {decided.kind}, {decided.category} (rule {decided.rule}): {why}", markup=False
        )
    for left in found.cut:
        console.print(f"  {_left_out(left)}", markup=False)
    _print_suggested(found)


def _print_suggested(found: Explanation) -> None:
    if (suggestions := found.suggestions) is not None:
        names = {each.offer: each.name for each in suggestions.known.candidates}
        if suggestions.withheld is not None:
            console.print(f"  suggested: nothing, {suggestions.withheld}", markup=False)
        for each in suggestions.offers:
            told = f"{each.name}, {each.reason} {each.to_name} (rule {suggestions.rule})"
            console.print(f"  suggested: {told}", markup=False)
        for left in suggestions.left_out:
            console.print(f"  not suggested: {names.get(left.offer, left.offer)}, {left.why}", markup=False)
    for reaction in found.reactions:
        console.print(f"  {reaction.kind}: what interaction {reaction.interaction} suggested", markup=False)


def _left_out(left: Cut) -> str:
    if left.why == "no_vector":
        return "passages were looked for by words alone: the questions' vector could not be made"
    if left.why in ("late", "failed"):
        return f"passages of {', '.join(left.names)} are missing: {left.why}"
    return f"left out of the prompt: {left.count} of {left.kind}, {left.tokens} tokens, {left.why}"


def _print_routed(found: Explanation) -> None:
    if found.routing:
        console.print(f"  model: {found.routing.model}, because: {found.routing.reason}", markup=False)
        if found.routing.score is not None:
            parts = ", ".join(f"{name} {share:g}" for name, share in found.routing.parts.items())
            console.print(f"  tier: {found.routing.tier}, complexity {found.routing.score:g} ({parts})")
        for each in found.routing.passed_over:
            console.print(f"  passed over: {each.model}, {each.reason}", markup=False)
    if found.flags:
        flags = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in found.flags.items())
        console.print(f"  flags: {flags}", markup=False)
    for arm in found.variants:
        changed = ", ".join(sorted(arm.variant.parts)) or "nothing"
        console.print(
            f"  {arm.kind} {arm.split}: arm {arm.arm} ({arm.share:.4g} of it), which changes {changed}"
        )


def _print_attempts(found: Explanation) -> None:
    attempts = [
        [
            a.provider,
            a.served or a.model,
            a.outcome,
            f"{a.latency_ms:.1f} ms",
            a.usage.input,
            a.usage.output,
            f"${a.cost}",
            a.price,
        ]
        for a in found.attempts
    ]
    print_table(
        "attempts", ["provider", "model", "outcome", "latency", "in", "out", "cost", "price"], attempts
    )


def _print_passages(found: Explanation) -> None:
    passages = [
        [
            p.retrieved.rank,
            p.retrieved.source,
            p.retrieved.title,
            pages_told(p.retrieved.page, p.retrieved.last_page).partition(" ")[2],
            f"{p.retrieved.score:.3f}",
            "yes" if p.cited else "",
        ]
        for p in found.passages
    ]
    print_table("passages in the prompt", ["rank", "source", "title", "page", "score", "cited"], passages)
    ranks = {p.retrieved.passage: p.retrieved.rank for p in found.passages}
    for conflict in found.conflicts:
        one, other = (ranks.get(passage, passage) for passage in conflict.passages)
        counts = ranks.get(conflict.preferred or "", conflict.preferred)
        told = f"{counts} counts ({conflict.why})" if counts is not None else "nothing tells which counts"
        console.print(f"  passages {one} and {other} contradict each other: {told}", markup=False)


def _print_prompt(found: Explanation) -> None:
    """Word by word, as it was sent."""
    for turn in found.prompt:
        console.print(f"  {turn.role}:", style="bold")
        for line in turn.said.splitlines():
            console.print(f"    {line}", markup=False, soft_wrap=True)
        for call in turn.calls:
            console.print(f"    calls {call.name} with {call.arguments}", markup=False, soft_wrap=True)
        for each in turn.attachments:
            console.print(f"    with {each.kind} {each.content_type}, {each.size} bytes", markup=False)
