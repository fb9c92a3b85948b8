"""OpenAI, and every server that speaks its chat-completions API: requests, answers and errors in its forms."""
