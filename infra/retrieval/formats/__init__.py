"""Files with markup to blocks, in the sandbox: HTML, Markdown, DOCX, CSV. Begin in `markup.py`, to which three of them come."""
