"""Fields whose effect takes more than a request to see, and the tests that show it."""

from __future__ import annotations

ELSEWHERE = {
    "spelling_correction": (
        "domain/answers/test_decision.py",
        "test_a_word_of_which_nobody_is_sure_is_asked_back_and_the_reply_settles_it",
    ),
    **dict.fromkeys(
        ("feedback", "feedback_percentage"),
        (
            "application/feedback/test_choose.py",
            "test_who_is_asked_follows_from_the_configuration_and_is_always_the_same",
        ),
    ),
    **dict.fromkeys(
        ("retrieve_internet", "internet_results", "brands"),
        (
            "application/answers/test_enrich.py",
            "test_the_configuration_says_whether_of_which_products_and_how_much_is_from_the_internet",
        ),
    ),
    "retrieve_database": (
        "application/retrieval/test_purchases_source.py",
        "test_nothing_of_the_shop_is_told_where_it_is_switched_off",
    ),
    "database_results": (
        "application/retrieval/test_purchases_source.py",
        "test_the_newest_comes_first_unless_a_number_is_written",
    ),
    "synonyms": (
        "application/retrieval/test_hybrid.py",
        "test_who_asks_with_a_synonym_is_found_what_has_the_other_word",
    ),
    **dict.fromkeys(
        ("semantic_weight", "keyword_weight", "fusion"),
        (
            "application/retrieval/test_hybrid.py",
            "test_the_configuration_says_how_what_was_found_is_ranked",
        ),
    ),
    **dict.fromkeys(
        ("suggestions", "most_suggestions"),
        (
            "interfaces/http/conversations/test_suggestions.py",
            "test_what_goes_with_a_product_is_suggested_explained_and_counted",
        ),
    ),
    "rich_messages": (
        "application/conversations/test_suggestions.py",
        "test_where_forms_are_switched_off_the_text_alone_goes_out",
    ),
    "feedback_days": (
        "interfaces/http/feedback/test_submit.py",
        "test_an_answer_can_be_rated_as_long_as_the_tenant_says",
    ),
    "handoff_after_failures": (
        "application/conversations/test_decisions.py",
        "test_a_model_that_never_answers_hands_over_and_the_question_is_made_good_later",
    ),
}
"""Fields whose effect takes more than a request to see: the file and the test that shows it."""
