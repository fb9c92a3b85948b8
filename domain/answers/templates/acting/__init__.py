"""Texts around actions: asked before one, told of what came of it."""
