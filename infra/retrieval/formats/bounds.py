"""What one file may hold."""

MOST_CHARACTERS = 10_000_000
"""Of text, tables' column names repeated in each row."""
