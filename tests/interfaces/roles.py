"""A role that does nothing, and a port for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

ROLE = """
import http.server, json, os, signal, sys, time
assert os.environ["DATABASE_URL"] and os.environ["RETRACE_MASTER_KEY"]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if sys.argv[1] == "serve":
    class Ready(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers()
            told = {"service": "retrace", "instance": os.environ["RETRACE_INSTANCE"], "status": "ready"}
            self.wfile.write(json.dumps(told).encode())
        def log_message(self, *_): pass
    http.server.HTTPServer((os.environ["RETRACE_HOST"], int(os.environ["RETRACE_PORT"])), Ready).serve_forever()
time.sleep(600)
"""


def stand_in(role: str) -> Sequence[str]:
    return (sys.executable, "-c", ROLE, role)
