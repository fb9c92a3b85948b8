"""The completions API: the tenant's agent, its routing alone, or one model by name; on record and paid for.

Begin in `chat.py: chat`: prepare, complete, record. `inquiry.py`: what is asked of whom; `record.py` puts a call on record once, however it
ended; `end_user.py`: whose key seals it.
"""
