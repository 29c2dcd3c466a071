"""An agent between a real proxy and a pocket cluster: it joins with a pin, a pod is reached by its uid, the hub's calls go
through its gate, and both ends may restart. The hub is a scripted one that lets every key in."""

import contextlib
import http.server
import json
import pathlib
import queue
import signal
import subprocess
import threading

import pytest
import requests
import yaml

from apiserver import AGENT, server
from demo import eventually
from proxying import Proxy, free_port

UID = "/api/v1/namespaces/kube-system"
PODS = "/api/v1/namespaces/default/pods"


class Hub:
    """Says one feed, and hears what agents say."""

    def __init__(self):
        self.lines, self.heard, self.pins, self.number, self.followers = [], [], queue.Queue(), 1, []
        self.changed = threading.Condition()
        hub = self

        class Answers(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                # A browser's request comes here while the proxy has not heard of the pod yet.
                if "/proxy/feed" not in self.path:
                    return self.send_error(503)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.end_headers()
                said = 0
                hub.followers.append(self.path)
                self.say({"epoch": "e", "number": hub.number, "snapshot": True})
                with hub.changed:
                    for line in hub.lines:
                        self.say({name: value for name, value in line.items() if name != "number"})
                    self.say({"end": hub.number})
                    said = len(hub.lines)
                    with contextlib.suppress(OSError):
                        while True:
                            hub.changed.wait(5)
                            for line in hub.lines[said:]:
                                self.say(line)
                            said = len(hub.lines)
                            self.say({"alive": True})

            def say(self, line):
                self.wfile.write(json.dumps(line).encode() + b"\n")
                self.wfile.flush()

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for pin in body.get("pins", []):
                    hub.pins.put(pin)
                for each in body.get("frames", []):
                    hub.heard.append(each)
                    if each["frame"]["type"] == "hello":
                        hub.let_in(each["key"], each["frame"]["cluster"]["uid"])
                answer = b'{"answers":[]}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def let_in(self, key, uid):
        if not any(line.get("agent") == key for line in self.lines):
            self.add({"agent": key, "cluster": "south", "uid": uid})

    def add(self, line):
        with self.changed:
            self.number += 1
            self.lines.append({**line, "number": self.number})
            self.changed.notify_all()

    def types(self):
        return [each["frame"]["type"] for each in self.heard]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A cluster with a pod of the hub that serves its own directory, a proxy that follows the hub, and an agent."""
    directory = tmp_path_factory.mktemp("agent")
    with server(directory) as api:
        if api.call("GET", UID, ok=(200, 404))["kind"] == "Status":
            api.call("POST", "/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": "kube-system"}})
        port = free_port()
        pod = api.call("POST", PODS, {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "orrery-one", "labels": {"orrery.io/hub": "orrery"}},
            "spec": {"containers": [{
                "name": "web", "image": api.image, "ports": [{"containerPort": port}],
                "command": ["python3", "-m", "http.server", str(port), "--directory", "/usr/lib/python3"],
            }]}})
        hub, inner = Hub(), free_port()
        proxy = Proxy(
            "--hub", hub.url, "--state-dir", directory / "proxy", "--inner-ip", "127.0.0.1", "--inner-port", inner,
            variables={"ORRERY_PROXY_TOKEN": "sesame"})
        hub.add({"set": "/pod", "route": {"target": f"cluster:south/{pod['metadata']['uid']}:{port}"}})
        (directory / "join").write_text(f"orrery://127.0.0.1:{proxy.port}#pin={hub.pins.get(timeout=30)}\n")
        (directory / "kubeconfig").write_text(yaml.safe_dump({
            "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "default"}}],
            "clusters": [{"name": "c", "cluster": {"server": api.url}}], "users": [{"name": "u", "user": {"token": api.token}}]}))
        agent = Agent(directory)
        try:
            yield hub, proxy, agent, inner, pod
        finally:
            agent.end()
            proxy.end()


class Agent:
    def __init__(self, directory):
        self.directory = directory
        self.log = directory / "agent.log"
        self.start()

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [AGENT, "run", "--join-file", self.directory / "join", "--kubeconfig", self.directory / "kubeconfig",
                 "--state", self.directory / "key", "--grace", "5"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def words(self):
        return self.log.read_text()

    def memory(self):
        """Private memory, in KiB."""
        rollup = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private"))


def reaches(proxy):
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{proxy.url}/pod/", timeout=5).status_code in (200, 404)
    return False


def test_a_pod_is_reached_through_connections_that_its_site_dialled(site):
    _, proxy, agent, _, _ = site
    eventually(lambda: reaches(proxy), agent.words)
    assert "is called south there" in agent.words()
    with requests.Session() as session:
        for _ in range(50):
            assert session.get(f"{proxy.url}/pod/", timeout=60).status_code in (200, 404)


def test_the_hub_reaches_the_clusters_interface_through_the_gate(site):
    hub, proxy, agent, inner, pod = site
    eventually(lambda: reaches(proxy), agent.words)
    asked = {"headers": {"Authorization": "Bearer sesame"}, "timeout": 10}
    mine = requests.get(f"http://127.0.0.1:{inner}/south{PODS}?labelSelector=orrery.io%2Fhub%3Dorrery", **asked)
    assert [each["metadata"]["uid"] for each in mine.json()["items"]] == [pod["metadata"]["uid"]]
    others = requests.get(f"http://127.0.0.1:{inner}/south/api/v1/namespaces/default/secrets", **asked)
    assert others.status_code == 403 and others.json()["reason"] == "Forbidden"
    eventually(lambda: "inventory" in hub.types(), hub.types)


def test_both_ends_may_restart(site):
    _, proxy, agent, _, _ = site
    eventually(lambda: reaches(proxy), agent.words)
    proxy.end()
    proxy.start()
    eventually(lambda: reaches(proxy), agent.words)
    assert agent.end() == 0, agent.words()
    agent.start()
    eventually(lambda: reaches(proxy), agent.words)


def test_an_agent_dials_every_proxy_that_the_hub_names(site, tmp_path):
    hub, proxy, agent, _, _ = site
    eventually(lambda: reaches(proxy), agent.words)
    # At another address and the same port, with a key of its own.
    second = Proxy("--hub", hub.url, "--state-dir", tmp_path / "second", "--agent-address", f"127.0.0.2:{proxy.port}",
                   variables={"ORRERY_PROXY_TOKEN": "sesame"}, place=("127.0.0.2", proxy.port))
    try:
        eventually(lambda: any(f"at=127.0.0.2%3A{proxy.port}" in path for path in hub.followers), lambda: hub.followers)
        keys = set()
        while len(keys) < 2:
            keys.add(hub.pins.get(timeout=30))
        hub.add({"peers": [f"127.0.0.2:{proxy.port}"], "pins": sorted(keys)})
        eventually(lambda: f"proxy=127.0.0.2:{proxy.port}" in agent.words(), agent.words)
        eventually(lambda: reaches(second), agent.words)
        assert reaches(proxy)
    finally:
        second.end()


def test_a_wrong_pin_is_said_in_words(site, tmp_path):
    _, proxy, agent, _, _ = site
    (tmp_path / "join").write_text(f"orrery://127.0.0.1:{proxy.port}#pin=sha256:{'A' * 43}=")
    (tmp_path / "kubeconfig").write_text((agent.directory / "kubeconfig").read_text())
    other = Agent(tmp_path)
    try:
        eventually(lambda: "not pinned in the join string" in other.words(), other.words)
    finally:
        other.end()
