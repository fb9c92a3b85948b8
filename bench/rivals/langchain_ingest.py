"""LangChain's usual loader and splitter, and RapidOCR by itself, in a virtual environment of their own: a file to passages with vectors of the same
embedder. What follows `main` runs there, without any of our packages.

As its documentation loads and splits PDFs (1,000 characters, 200 overlap). Source: https://docs.langchain.com/oss/python/langchain/knowledge-base
"""

from __future__ import annotations

import importlib.metadata
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PACKAGES = ("langchain-community", "langchain-text-splitters", "pypdf")
HOME = Path(__file__).parents[2] / ".retrace-rivals" / "langchain"
SIZE, OVERLAP = 1000, 200
"""Characters."""
AT_ONCE = 32
"""Passages that are embedded together."""


def install() -> tuple[Path, str]:
    """Its Python, and its versions; installed when it is not there yet. The embedder is of our own version."""
    uv, python = Path(sys.executable).with_name("uv"), HOME / "bin" / "python"
    if not (HOME / "installed").exists():
        embedder = f"wordllama=={importlib.metadata.version('wordllama')}"
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, HOME], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *PACKAGES, embedder], check=True)
        (HOME / "installed").touch()
    ask = f"import importlib.metadata as m; print(' '.join(n + ' ' + m.version(n) for n in {PACKAGES}))"
    version = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    return python, version


def main(file: str) -> None:
    import wordllama
    from langchain_community.document_loaders import PyPDFLoader
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    folder = Path(wordllama.__file__).parent
    embedder: Any = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    embedder.embed(["a text"], norm=True)
    began = time.process_time()
    pages = PyPDFLoader(file).load()
    read = time.process_time()
    splitter = RecursiveCharacterTextSplitter(chunk_size=SIZE, chunk_overlap=OVERLAP)
    passages = splitter.split_documents(pages)
    cut = time.process_time()
    for start in range(0, len(passages), AT_ONCE):
        embedder.embed([each.page_content for each in passages[start : start + AT_ONCE]], norm=True)
    seconds = {"read": read - began, "cut": cut - read, "embed": time.process_time() - cut}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"pages": len(pages), "passages": len(passages), "peak_mb": peak, **seconds}))


if __name__ == "__main__":
    main(sys.argv[1])
