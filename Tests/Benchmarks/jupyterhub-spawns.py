#!/usr/bin/env python3
"""What a spawn costs JupyterHub, and what it costs Orrery with its clusters, in turns on one machine.

    .build/test-tools/bin/python Tests/Benchmarks/jupyterhub-spawns.py [--people 200] [--rounds 3]

JupyterHub has no cluster at all: its spawner returns at once the address of a small server that answers for everybody, so what is
counted is the hub alone, from the request to ready. It keeps its database in a file, as it does by default. Orrery has two pocket
clusters, to which it talks as it would to any; see spawns.py. Both have orrery-proxy as a process of its own. CPU of the hub's process.
"""
import argparse
import concurrent.futures
import contextlib
import http.server
import json
import os
import pathlib
import statistics
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Product")]
os.environ.setdefault("ORRERY_PROXY", str(HERE.parents[1] / ".build/release/orrery-proxy"))
import proxying  # noqa: E402

proxying.PROGRAM = os.environ["ORRERY_PROXY"]
import hub  # noqa: E402
import spawns  # noqa: E402
from demo import eventually  # noqa: E402

NOTHING = """
from jupyterhub.spawner import Spawner

class Nothing(Spawner):
    async def start(self):
        return "http://127.0.0.1:{server}"

    async def stop(self, now=False):
        pass

    async def poll(self):
        return None

c.JupyterHub.spawner_class = Nothing
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.log_level = "WARN"
"""


class Everybody(http.server.BaseHTTPRequestHandler):
    """The notebook server of whoever is asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"version": "2.0.0"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-JupyterHub-Version", "6.1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def jupyterhub(people):
    """Milliseconds of CPU for each of them."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Everybody)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = [f"p{number:05}" for number in range(people)]
    with tempfile.TemporaryDirectory() as directory:
        one = hub.Hub(directory)
        one.options = ()
        with open(one.directory / "jupyterhub_config.py", "a") as configuration:
            configuration.write(NOTHING.format(server=server.server_address[1]))
        with one, concurrent.futures.ThreadPoolExecutor(8) as pool:
            made = one.api("POST", "/users", json={"usernames": names})
            assert made.status_code == 201, made.text
            before = spawns.cpu(one.process)

            def start(name):
                answer = one.api("POST", f"/users/{name}/server")
                assert answer.status_code in (201, 202), answer.text

            list(pool.map(start, names))
            # Asked at the proxy: the hub's own answer about so many would be counted.
            eventually(lambda: sum(path.startswith("/user/") for path in one.routes()) == people, one.words, 300)
            spent = spawns.cpu(one.process) - before
            ready = one.api("GET", "/users?state=ready&limit=1000").json()
            assert len(ready) == min(people, 1000), len(ready)
    server.shutdown()
    return 1000 * spent / people


def orrery(people):
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        bench = spawns.Bench(pathlib.Path(directory), people, 2)
        return spawns.measure(bench, stack, apart=True)["cpu_ms_per_spawn"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    pairs = [(jupyterhub(wanted.people), orrery(wanted.people)) for _ in range(wanted.rounds)]
    print(json.dumps({
        "people": wanted.people, "jupyterhub_ms_per_spawn": [round(theirs, 1) for theirs, _ in pairs],
        "orrery_ms_per_spawn": [round(ours, 2) for _, ours in pairs],
        "ratio": round(statistics.median(theirs / ours for theirs, ours in pairs), 1)}, indent=2))


if __name__ == "__main__":
    main()
