"""Topics of events that come with each message, answer and call: most of any log. What is of other topics stands in an index of its own
(infra/schema/360_rare_events.sql, which has the same list), so that it is found among millions of these."""

from __future__ import annotations

FREQUENT = frozenset(
    {
        "call.answered",
        "call.ended",
        "call.metered",
        "call.prompted",
        "call.requested",
        "call.responded",
        "conversation.answer_begun",
        "conversation.answered",
        "conversation.campaigned",
        "conversation.disclosed",
        "conversation.message_received",
        "conversation.metered",
        "conversation.notice_received",
        "conversation.prompted",
        "conversation.said",
        "conversation.started",
        "conversation.summarised",
        "conversation.summary_metered",
        "delivery.accepted",
        "delivery.attempted",
        "delivery.begun",
        "delivery.identified",
        "delivery.status_told",
        "delivery.taken_in",
        "embedding_call.metered",
        "embedding_call.requested",
        "feedback.begun",
        "feedback.rated",
        "reservation.extended",
        "reservation.made",
        "reservation.retained",
        "reservation.settled",
        "shadow.compared",
    }
)
