"""Answers: what a conversation and a call of the completions API have in common on the way to theirs.

Begin in `prepare.py: prepare`: all that an answer rests on, read before a model is asked, as one value. `ports.py`: what that way needs of
the outside. What follows, `complete` and `record`, is in sight in `conversations/answer.py: answer` and `chat/chat.py: chat`.
"""
