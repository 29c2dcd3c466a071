#!/usr/bin/env python3
"""What a session costs the hub, and what a restart costs everybody: pocket clusters without processes, real HTTP.

    Tests/Benchmarks/spawns.py [--people 1000] [--clusters 2] [--bars] [--apart]

Starts a session for each of PEOPLE, spread over CLUSTERS, through the REST API; then kills the hub with the proxy in it,
starts it again, and measures until every route is there and until every cluster was compared with the store. Counts that
no pod was stopped and none made twice. The CPU is that of the whole process, so it has the proxy's and the API's share;
with --apart hub and proxy are processes of their own, and so are their figures.
"""
import argparse
import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Product"))
from demo import DIRECT, eventually  # noqa: E402
from onehome import CLAIM, FILESETS, PROFILES  # noqa: E402
from proxying import environment, free_port  # noqa: E402

PROGRAM = os.environ.get("ORRERY", str(ROOT / ".build/release/orrery"))
PROXY = os.environ.get("ORRERY_PROXY", str(ROOT / ".build/release/orrery-proxy"))
TOKEN = "a-token-of-the-benchmark"
HUB = """
url: http://127.0.0.1:{port}
hub: {{listen: "127.0.0.1:{hub}", database: "{state}/hub.sqlite"}}
proxy: {{listen: "127.0.0.1:{port}", api: "127.0.0.1:{api}", token: a-token-of-the-benchmark}}
policy: {state}/policy
auth:
  allow: [developers]
  issuers:
    lab:
      issuer: http://127.0.0.1:9
      groups: {{claim: groups}}
      login: {{client: orrery, secret: none, scopes: [openid]}}
  groups: {{developers: {{gid: 5001, from: ["lab:/developers"]}}}}
clusters:
{clusters}
"""
POCKET = """
cluster: {name}
listen: 127.0.0.1:{port}
state: "{state}/{name}"
addresses: 127.{block}.0.0/16
namespaces: [hub]
node: {{processes: false, cpu: 100000, memory: 1000Ti, pods: 65000}}
tokens: [{{name: hub, token: token-of-the-hub, admin: true}}]
volumes: [{{name: home, directory: "{state}/home", capacity: 1Gi, claim: hub/home}}]
objects: [claim.yaml]
"""
BINDING = """
cluster: {name}
sources: {{home: {{pvc: home, path: "{{user}}"}}}}
"""


class Bench:
    def __init__(self, state, people, clusters):
        self.state, self.people = state, [f"p{number:05}" for number in range(people)]
        self.port, self.api, self.hub = free_port(), free_port(), free_port()
        self.clusters = {f"c{number}": free_port() for number in range(clusters)}
        lines = [f'  {name}: {{server: "http://127.0.0.1:{port}", token: token-of-the-hub, namespace: hub}}'
                 for name, port in self.clusters.items()]
        (state / "home").mkdir()
        (state / "claim.yaml").write_text(CLAIM)
        (state / "orrery.yaml").write_text(HUB.format(
            port=self.port, hub=self.hub, api=self.api, state=state, clusters="\n".join(lines)))
        self.write("policy/filesets.yaml", FILESETS)
        self.write("policy/profiles.yaml", PROFILES)
        for number, (name, port) in enumerate(self.clusters.items()):
            self.write(f"policy/clusters/{name}.yaml", BINDING.format(name=name))
            self.write(f"{name}.yaml", POCKET.format(name=name, port=port, state=state, block=160 + number))

    def write(self, name, text):
        path = self.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def proxy(self):
        return self.running("proxy", "--hub", f"http://127.0.0.1:{self.hub}", "--ip", "127.0.0.1", "--port", str(self.port),
                            "--api-ip", "127.0.0.1", "--api-port", str(self.api), program=PROXY)

    @contextlib.contextmanager
    def running(self, name, *arguments, program=None):
        with open(self.state / f"{name}.out", "a") as log:
            process = subprocess.Popen(
                [program or PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(ORRERY_PROXY_TOKEN=TOKEN) | {"CONFIGPROXY_AUTH_TOKEN": TOKEN})
        try:
            yield process
        finally:
            process.kill()
            process.wait(30)

    def words(self, name):
        return (self.state / f"{name}.out").read_text(errors="replace")

    def ask(self, method, url, token="", body=None, scheme="Bearer", limit=60):
        request = urllib.request.Request(url, method=method, data=body and json.dumps(body).encode(),
                                         headers={"Authorization": f"{scheme} {token}"})
        try:
            with DIRECT.open(request, timeout=limit) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def answers(self, port, path):
        with contextlib.suppress(OSError):
            return DIRECT.open(f"http://127.0.0.1:{port}{path}", timeout=2).status == 200

    def hub_answers(self):
        with contextlib.suppress(OSError):
            return self.ask("GET", f"http://127.0.0.1:{self.port}/hub/api/")[0] == 200

    def enrol(self):
        """People with a token each, as logins would have made them."""
        now = int(time.time() * 1000)
        groups = json.dumps([{"name": "developers", "gid": 5001}])
        everybody = [(number, name, 30000 + number) for number, name in enumerate(self.people, 1)]
        with contextlib.closing(sqlite3.connect(self.state / "hub.sqlite")) as database, database:
            for number, name, uid in everybody:
                database.execute("INSERT INTO given_name VALUES (?, ?)", (name, number))
                database.execute("INSERT INTO given_uid VALUES (?, ?)", (uid, number))
                database.execute(
                    "INSERT INTO person (id, issuer, subject, name, uid, gid, member_of, is_admin, is_suspended, "
                    "created_at, last_login) VALUES (?, 'http://127.0.0.1:9', ?, ?, ?, ?, ?, 0, 0, ?, ?)",
                    (number, name, name, uid, uid, groups, now, now))
                database.execute("INSERT INTO identity VALUES ('http://127.0.0.1:9', ?, ?, ?)", (name, number, now))
                database.execute(
                    "INSERT INTO token (id, hash, person, kind, scopes, note, created_at) "
                    "VALUES (?, ?, ?, 'personal', ?, '', ?)",
                    (f"{number:026}", hashlib.sha256(token(name).encode()).digest(), number, '["servers"]', now))

    def spawn(self, person):
        names = list(self.clusters)
        cluster = names[self.people.index(person) % len(names)]
        while True:
            status, body = self.ask("POST", f"http://127.0.0.1:{self.port}/hub/api/users/{person}/server", token(person),
                                    body={"user_options": {"cluster": cluster}})
            if status != 503:
                break
            time.sleep(0.5)
        assert status in (201, 202), (status, body)

    def routes(self):
        with contextlib.suppress(OSError):
            status, body = self.ask("GET", f"http://127.0.0.1:{self.api}/api/routes", TOKEN, scheme="token")
            if status == 200:
                return sum(path.startswith("/user/") for path in json.loads(body))
        return 0

    def states(self):
        with contextlib.closing(sqlite3.connect(self.state / "hub.sqlite", timeout=30)) as database:
            return dict(database.execute("SELECT state, count(*) FROM session GROUP BY state"))

    def pods(self):
        found = {}
        for port in self.clusters.values():
            after = ""
            while True:
                _, body = self.ask("GET", f"http://127.0.0.1:{port}/api/v1/namespaces/hub/pods?limit=500{after}",
                                   "token-of-the-hub")
                listed = json.loads(body)
                found.update({pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in listed["items"]})
                if not listed["metadata"].get("continue"):
                    break
                after = "&continue=" + listed["metadata"]["continue"]
        return found


def token(person):
    return "orrery_" + person.ljust(43, "t")


def cpu(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until(probe, limit=120, pause=0.02):
    """The seconds until `probe` is true."""
    start = time.monotonic()
    while not probe():
        assert time.monotonic() - start < limit, "not in time"
        time.sleep(pause)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--clusters", type=int, default=2)
    parser.add_argument("--apart", action="store_true", help="hub and proxy as two processes (ORRERY_PROXY)")
    parser.add_argument("--bars", action="store_true", help="fail when a bar is missed")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        bench = Bench(pathlib.Path(directory), wanted.people, wanted.clusters)
        figures = measure(bench, stack, wanted.apart)
    print(json.dumps(figures, indent=2))
    missed = [name for name, bar in (("routes_s", 2), ("adoption_s", 10)) if figures[name] > bar]
    missed += [name for name in ("stopped", "doubled") if figures[name]]
    if wanted.bars and missed:
        sys.exit(f"missed: {', '.join(missed)}")


def measure(bench, stack, apart):
    for name, port in bench.clusters.items():
        stack.enter_context(bench.running(name, "pocket", "--config", bench.state / f"{name}.yaml"))
        eventually(lambda port=port: bench.answers(port, "/readyz"), lambda name=name: bench.words(name))
    count = len(bench.people)
    hub = ["hub" if apart else "up", "--config", bench.state / "orrery.yaml"]
    proxy = stack.enter_context(bench.proxy()) if apart else None
    with bench.running("hub", *hub) as process:
        eventually(bench.hub_answers, lambda: bench.words("hub"))
        bench.enrol()
        idle, start, proxied = cpu(process), time.monotonic(), proxy and cpu(proxy)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(bench.spawn, bench.people))
        eventually(lambda: bench.states().get("ready") == count, lambda: f"{bench.states()}{bench.words('hub')[-2000:]}", 300)
        spawned, busy = time.monotonic() - start, cpu(process) - idle
        proxied = proxy and round(1000 * (cpu(proxy) - proxied) / count, 2)
        assert bench.routes() == count
        before = bench.pods()
    with bench.running("again", *hub) as process:
        start = time.monotonic()
        until(lambda: bench.routes() == count)
        routes = time.monotonic() - start
        until(lambda: bench.words("again").count("a cluster was compared with the store") >= len(bench.clusters))
        adoption = time.monotonic() - start
        used = cpu(process)
        memory = int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4 / 1024
        time.sleep(3)  # whatever would be stopped by mistake would be stopping now
        after, states = bench.pods(), bench.states()
    return {
        "sessions": count, "clusters": len(bench.clusters), "spawns_per_s": round(count / spawned, 1),
        "cpu_ms_per_spawn": round(1000 * busy / count, 2), "proxy_cpu_ms_per_spawn": proxied, "routes_s": round(routes, 2),
        "adoption_s": round(adoption, 2), "restart_cpu_s": round(used, 2), "memory_MiB": round(memory, 1),
        "stopped": count - states.get("ready", 0) + len(before.items() - after.items()),
        "doubled": len(after.items() - before.items()),
    }


if __name__ == "__main__":
    main()
