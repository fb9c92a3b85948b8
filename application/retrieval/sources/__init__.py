"""Sources of passages: one file each, behind one protocol.

Begin in `source.py: PassageSource`, what a source is; `asking.py` asks several at once, each for as long as it may take. A new one is a file
here and a line in `interfaces/bootstrap/parts.py: Services.retriever`.
"""
