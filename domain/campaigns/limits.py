"""Whether a campaign's message is within WhatsApp's limits: what is over one is refused by its name. Pure."""

from __future__ import annotations

import re
from uuid import UUID

from domain.base.errors import Invalid
from domain.campaigns.message import PAGES, Button, CampaignMessage, TemplateUse
from domain.campaigns.parts import parts_of
from domain.campaigns.words import LONGEST_VALUE, check_words, widest_and_barest
from domain.channels.outgoing import LONGEST_TEXT
from domain.channels.twilio import TEMPLATE
from domain.conversations.rich import LONGEST_BODY, LONGEST_BUTTON, MOST_BUTTONS, Attachment, units

MOST_VARIABLES, LONGEST_VARIABLE = 100, 1600
_NAME = re.compile(r"[A-Za-z0-9]{1,16}")


def check_message(message: CampaignMessage) -> None:
    """As every customer could get it. Raises Invalid, which names the limit."""
    check_words(message)
    widest, barest = widest_and_barest(message)
    try:
        _check(widest)
    except Invalid as refused:
        if widest == message:
            raise
        raise Invalid(f"{refused}; each placeholder counts as {2 * LONGEST_VALUE} of them") from None
    _check(barest)


def _check(message: CampaignMessage) -> None:
    for button in message.buttons:
        _check_button(button)
    if message.template is not None:
        _check_template(message, message.template)
        return
    if not message.text.strip() and message.file is None:
        raise Invalid("message: give a text, a file or a template")
    if len(message.buttons) > MOST_BUTTONS:
        raise Invalid(
            f"message: there are {len(message.buttons)} buttons; WhatsApp takes at most {MOST_BUTTONS}"
        )
    if message.buttons and not message.text.strip():
        raise Invalid(f"message: buttons stand below a text of 1 to {LONGEST_BODY} characters; give one")
    if any(button.id is not None for button in message.buttons):
        raise Invalid("message: only a template's buttons have an id of their own; leave it out")
    if message.file is not None:  # whatever form it stands in
        Attachment(url=message.file.url, media_type=message.file.media_type, size=message.file.size).check()
    for part in parts_of(message, UUID(int=0)):
        if part.rich is not None:
            part.rich.check()
        elif (length := units(part.text)) > LONGEST_TEXT:
            raise Invalid(
                f"message: the text has {length} characters (UTF-16 units); one message takes at most {LONGEST_TEXT}"
            )


def _check_template(message: CampaignMessage, template: TemplateUse) -> None:
    if message.text or message.file is not None:
        raise Invalid("message: a template has its text and its file at WhatsApp; give neither beside it")
    if not TEMPLATE.fullmatch(template.name):
        raise Invalid("message: a template's name is one of `templates` of the account (GET /v1/channels)")
    if len(template.variables) > MOST_VARIABLES:
        raise Invalid(f"message: a template has at most {MOST_VARIABLES} variables")
    for name, value in template.variables.items():
        if not _NAME.fullmatch(name):
            raise Invalid(f"message: {name[:40]!r} is no name of a variable: 1 to 16 letters and digits")
        if not value.strip() or units(value) > LONGEST_VARIABLE:
            raise Invalid(f"message: the variable {name} has 1 to {LONGEST_VARIABLE} characters")
        if any(sign in value for sign in "\n\r\t"):
            raise Invalid(
                f"message: the variable {name} has a line break; an approved template takes one line"
            )
    named = set(re.findall(r"\{\{([A-Za-z0-9]{1,16})\}\}", template.body))
    if named != template.variables.keys():
        raise Invalid(
            f"message: the template's body names the variables {sorted(named)}, but {sorted(template.variables)} are given"
        )


def _check_button(button: Button) -> None:
    page = button.action in PAGES
    if page != (button.url is not None):
        raise Invalid(
            f"message: the button {button.title[:LONGEST_BUTTON]!r} needs a url, as it opens a page"
            if page
            else f"message: the button {button.title[:LONGEST_BUTTON]!r} opens no page; leave its url out"
        )
    if button.action == "reply" and not (button.reply or "").strip():
        raise Invalid("message: a button whose action is reply needs the reply that is said")
    if button.reply is not None and button.action not in ("reply", "opt_out"):
        raise Invalid("message: only buttons whose action is reply or opt_out have a reply")
    if button.reply is not None and units(button.reply) > LONGEST_TEXT:
        raise Invalid(f"message: a button's reply has at most {LONGEST_TEXT} characters")
