"""Models that embed: the built-in one, and those of OpenAI and servers that speak like it; Gemini's is with Gemini. Begin in `embedders.py`."""
