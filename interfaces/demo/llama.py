"""llama.cpp's own OpenAI-compatible server, by itself: `python -m interfaces.demo.llama MODEL.gguf PORT`."""

from __future__ import annotations

import sys
import threading

import xllamacpp


def main() -> None:
    model, port = sys.argv[1], int(sys.argv[2])
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = "local-model"
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
