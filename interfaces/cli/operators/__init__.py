"""Persons of the console."""
