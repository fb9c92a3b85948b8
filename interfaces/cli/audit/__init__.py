"""What is on record, and whether it is whole."""
