"""llama.cpp's own OpenAI-compatible server, by itself: `python -m interfaces.cli.demo.llama MODEL.gguf NAME PORT`."""

from __future__ import annotations

import sys
import threading

import xllamacpp


def main() -> None:
    model, name, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {name}  # a set: of a text it would take each letter for a name
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_ctx = 4096
    parameters.n_parallel = 1
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print(f"listening on {server.listening_address}", flush=True)  # noqa: T201  # its log
    threading.Event().wait()


if __name__ == "__main__":
    main()
