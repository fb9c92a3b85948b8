"""Gemini by its own SDK, `google-genai`: requests, answers and errors in its forms."""
