"""Operations: the work that is done in the background, and decisions about read models.

Begin in `work.py`: all kinds of work, joined from the rooms.
"""
