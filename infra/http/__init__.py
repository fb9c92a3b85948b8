"""Connections of HTTP servers: how long each may be silent, how slow it may be, and how many there are."""
