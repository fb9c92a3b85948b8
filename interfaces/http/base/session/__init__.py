"""Operators' sessions over HTTP: the cookie that has one, and what keeps other sites from using it."""
