"""Conversations: messages in, answers out.

Begin in `conversation.py: receive_message`, which takes one in, then `answer.py: answer`: prepare, complete, decide, record. `record.py` puts an
answer on record with what it cost; `delivery.py` is its way to the customer while it is made.
"""
