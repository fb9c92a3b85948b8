"""Conversations: messages in, answers out.

Begin in `conversation.py`: `receive_message` takes one in, `answer` answers. `record.py` puts an answer on record with what it cost;
`delivery.py` is its way to the customer while it is made.
"""
