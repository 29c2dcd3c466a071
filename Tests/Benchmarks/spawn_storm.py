#!/usr/bin/env python3
"""A storm of people who all start a notebook: each must be answered at once, with a session or with a place in the queue.

    .build/test-tools/bin/python Tests/Benchmarks/spawn_storm.py [--people 1000] [--seconds 10] [--clusters 4] [--starts 8] [--in DIRECTORY] [--keep]

Hub and proxy in one process as `orrery up` has them, before pockets without processes, all of the release build
(`swift build -c release --product orrery`). Every person asks once, over the proxy, at an even pace, with a token of their own; the sessions
that wait start as soon as those before them are ready. Prints how long the answers took, how long until all were ready, and
the CPU of the hub with its proxy for each, and ends with status 1 when somebody was not answered within 200 ms (99 of
100), not answered with one of the two, lost, or doubled.
"""
import argparse
import asyncio
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORRERY = ROOT / ".build" / "release" / "orrery"
DIGEST = "sha256:" + "a" * 64
BAR = 0.2
PLAIN = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Site:
    """A hub with its proxy, and pockets without processes, in a directory."""

    def __init__(self, directory, options):
        self.directory, self.program, self.starts = pathlib.Path(directory), options.program, options.starts
        self.room = -(-options.people // options.clusters) + 10
        self.names = [f"c{number}" for number in range(options.clusters)]
        self.ports = {name: free_port() for name in self.names}
        self.proxy, self.api, self.hub, self.issuer = free_port(), free_port(), free_port(), free_port()
        self.processes = {}

    def write(self, path, text):
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)

    def configure(self):
        self.write("policy/filesets.yaml",
                   'filesets: {home: {at: "/home/{user}", home: true, required: true, '
                   'grants: [{to: [everyone], mode: rw}]}}\n')
        self.write("policy/profiles.yaml", f"""
registries: [{{host: registry.example, repos: ["lab/*"]}}]
environments: {{lab: {{image: registry.example/lab/notebook, digest: "{DIGEST}"}}}}
sizes: {{small: {{cpu: 1, memory: 1Gi}}}}
profiles:
  standard: {{default: true, allow: [science, developers], environments: [lab], sizes: {{small: [everyone]}},
              filesets: {{offer: all}}, life: {{max: 7d}}}}
""")
        clusters = ""
        for number, name in enumerate(self.names):
            self.write(f"policy/clusters/{name}.yaml",
                       f'cluster: {name}\nsources: {{home: {{pvc: home, path: "{{user}}"}}}}\n')
            self.write(f"{name}/token", secrets.token_hex(24))
            (self.directory / name / "home").mkdir()
            self.write(f"{name}/pocket.yaml", self.pocket(name, number))
            self.write(f"{name}/home.yaml", """apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: home, namespace: hub}
spec: {accessModes: [ReadWriteMany], storageClassName: "", volumeName: home, resources: {requests: {storage: 1Gi}}}
""")
            clusters += (f'  {name}: {{server: "http://127.0.0.1:{self.ports[name]}", namespace: hub, '
                         f'token: "file:{name}/token", capacity: {{sessions: {self.room}}}, starts: {self.starts}}}\n')
        self.write("proxy.token", secrets.token_hex(24))
        self.write("orrery.yaml", f"""
url: http://127.0.0.1:{self.proxy}
hub: {{listen: "127.0.0.1:{self.hub}", database: hub.sqlite}}
proxy: {{listen: "127.0.0.1:{self.proxy}", api: "127.0.0.1:{self.api}", token: "file:proxy.token"}}
policy: policy
auth:
  allow: [science, developers]
  issuers:
    lab: {{issuer: "http://127.0.0.1:{self.issuer}/", groups: {{claim: groups}}, login: {{client: hub}}}}
  groups:
    science: {{gid: 5001, from: ["lab:science"]}}
    developers: {{gid: 5002, from: ["lab:developers"]}}
clusters:
{clusters}""")

    def pocket(self, name, number):
        return f"""
cluster: {name}
listen: 127.0.0.1:{self.ports[name]}
state: state
addresses: 127.{61 + number}.0.0/16
node: {{processes: false, cpu: "100000", memory: 100Ti, pods: 20000}}
namespaces: [hub]
images: [{{name: registry.example/lab/notebook, digest: "{DIGEST}", root: "{self.directory}"}}]
tokens: [{{name: "system:serviceaccount:hub:hub", token: "file:token", admin: true}}]
volumes: [{{name: home, directory: home, capacity: 1Gi, claim: hub/home}}]
objects: [home.yaml]
"""

    def start(self):
        for name in self.names:
            self.run(name, "pocket", "--config", self.directory / name / "pocket.yaml")
        self.run("hub", "up", "--config", self.directory / "orrery.yaml", "--log-level", "warning")
        self.until(lambda: self.get(f"http://127.0.0.1:{self.proxy}/hub/api/"), "the hub answers through the proxy")

    def run(self, name, *arguments):
        log = open(self.directory / f"{name}.log", "w")
        self.processes[name] = subprocess.Popen([self.program, *map(str, arguments)], stdout=log, stderr=log)

    def until(self, probe, what, limit=60):
        deadline = time.monotonic() + limit
        while not (found := probe()):
            for name, process in self.processes.items():
                if process.poll() is not None:
                    sys.exit(f"{name} ended:\n{(self.directory / f'{name}.log').read_text()[-2000:]}")
            if time.monotonic() > deadline:
                sys.exit(f"not within {limit} s: {what}")
            time.sleep(0.1)
        return found

    @staticmethod
    def get(url, token=None):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
        try:
            return PLAIN.open(request, timeout=20).read()
        except OSError:
            return None

    def people(self, count):
        """People who have logged in a moment ago, and a token of each."""
        now, tokens = int(time.time() * 1000), []
        with sqlite3.connect(self.directory / "hub.sqlite", timeout=20) as database:
            for number in range(1, count + 1):
                name, token = f"p{number}", f"orrery_{secrets.token_urlsafe(32)}"
                group = {"name": "science", "gid": 5001} if number % 4 else {"name": "developers", "gid": 5002}
                subject = (f"http://127.0.0.1:{self.issuer}/", name)
                database.execute("INSERT INTO given_name VALUES (?, ?)", (name, number))
                database.execute("INSERT INTO given_uid VALUES (?, ?)", (20000 + number, number))
                database.execute(
                    "INSERT INTO person (id, issuer, subject, name, uid, gid, member_of, is_admin, is_suspended, created_at, "
                    "last_login) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)",
                    (number, *subject, name, 20000 + number, 20000 + number, json.dumps([group]), now, now))
                database.execute("INSERT INTO identity VALUES (?, ?, ?, ?)", (*subject, number, now))
                database.execute(
                    "INSERT INTO token (id, hash, person, kind, scopes, note, created_at, expires_at) "
                    "VALUES (?, ?, ?, 'personal', ?, '', ?, ?)",
                    (f"t{number}", hashlib.sha256(token.encode()).digest(), number,
                     json.dumps([f"servers!user={name}"]), now, now + 86400_000))
                tokens.append(token)
        return tokens

    def rows(self, query):
        with sqlite3.connect(f"file:{self.directory}/hub.sqlite?mode=ro", uri=True, timeout=20) as database:
            return database.execute(query).fetchall()

    def pods(self):
        found = []
        for name in self.names:
            token = (self.directory / name / "token").read_text()
            answer = self.get(f"http://127.0.0.1:{self.ports[name]}/api/v1/namespaces/hub/pods", token)
            found += [pod["metadata"]["labels"]["orrery.io/session"] for pod in json.loads(answer)["items"]]
        return found

    def cpu(self):
        """Seconds of CPU that the hub and its proxy have taken."""
        fields = pathlib.Path(f"/proc/{self.processes['hub'].pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


class Connections:
    """Connections to the proxy that are kept and used again."""

    def __init__(self, port):
        self.port, self.idle = port, []

    async def ask(self, token):
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"POST /api/v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {token}\r\n"
                     "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:"))
        body = await reader.readexactly(length)
        self.idle.append((reader, writer))
        return int(head.split()[1]), json.loads(body)


async def storm(site, tokens, seconds):
    connections, start = Connections(site.proxy), time.perf_counter()

    async def one(number, token):
        await asyncio.sleep(max(0, start + number * seconds / len(tokens) - time.perf_counter()))
        began = time.perf_counter()
        try:
            status, body = await asyncio.wait_for(connections.ask(token), 30)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            status, body = 0, {"message": f"{type(error).__name__}"}
        return status, time.perf_counter() - began, body

    return await asyncio.gather(*(one(number, token) for number, token in enumerate(tokens)))


def measure(site, options):
    tokens = site.people(options.people)
    warm = site.cpu()
    answers = asyncio.run(storm(site, tokens, options.seconds))
    asked = site.cpu()
    began = time.monotonic()
    ready = "SELECT count(*) FROM session WHERE ready_at IS NOT NULL"
    site.until(lambda: site.rows(ready)[0][0] >= sum(status == 201 for status, _, _ in answers), "all are ready", 300)
    settled, done = time.monotonic() - began, site.cpu()
    times = sorted(time for _, time, _ in answers)
    p = lambda share: times[min(len(times) - 1, int(len(times) * share))] * 1000
    queued = [body for status, _, body in answers if "queue" in body]
    print(f"{len(answers)} asked in {options.seconds} s on {options.clusters} clusters: "
          f"{len(answers) - len(queued)} began at once, {len(queued)} got a place in the queue")
    print(f"answered within: p50 {p(0.5):.1f} ms, p90 {p(0.9):.1f} ms, p99 {p(0.99):.1f} ms, at most {times[-1] * 1000:.1f} ms")
    print(f"all ready {settled:.1f} s after the last had asked; CPU of hub and proxy per session: "
          f"{(asked - warm) / len(answers) * 1000:.2f} ms until then, {(done - warm) / len(answers) * 1000:.2f} ms in all")
    return failures(site, answers, p(0.99) / 1000)


def failures(site, answers, slowest):
    wrong = []
    refused = [(status, body) for status, _, body in answers if status != 201]
    if refused:
        wrong.append(f"{len(refused)} were not answered with a session or a place: {refused[:3]}")
    if slowest > BAR:
        wrong.append(f"p99 is {slowest * 1000:.0f} ms, more than {BAR * 1000:.0f} ms")
    told = [body["id"] for status, _, body in answers if status == 201]
    stored = [row[0] for row in site.rows("SELECT id FROM session WHERE state = 'ready'")]
    if sorted(told) != sorted(stored):
        wrong.append(f"{len(told)} were told of a session, {len(stored)} are ready")
    if len(set(row[0] for row in site.rows("SELECT DISTINCT person FROM session"))) != len(stored):
        wrong.append("somebody has two sessions, or none")
    pods = site.pods()
    if sorted(pods) != sorted(stored):
        wrong.append(f"{len(stored)} sessions have {len(pods)} pods, {len(set(pods))} of them different")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clusters", type=int, default=4)
    parser.add_argument("--program", type=pathlib.Path, default=ORRERY)
    parser.add_argument("--starts", type=int, default=8, help="how many may start at a time on each cluster")
    parser.add_argument("--in", dest="place", help="where the database lies: its disk counts, every state is on it at once")
    parser.add_argument("--keep", action="store_true", help="leave the directory with its logs")
    options = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="orrery-storm-", dir=options.place)
    site = Site(directory, options)
    try:
        site.configure()
        site.start()
        wrong = measure(site, options)
    finally:
        site.stop()
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)
    for sentence in wrong:
        print(f"spawn_storm: {sentence}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
