"""A hub that clusters join, one pocket cluster behind an agent, and glewlwyd, on free ports of a test's own."""
import contextlib
import os
import shutil
import signal
import subprocess
import types

import requests

from demo import eventually
from podsite import PodSite
from proxying import environment, free_port
from test_issuer_keys import PROGRAM, ROOT

AGENT = os.environ.get("ORRERY_AGENT", str(ROOT / ".build" / "debug" / "orrery-agent"))
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: site
contexts: [{{name: site, context: {{cluster: site, user: agent, namespace: hub}}}}]
clusters: [{{name: site, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: agent, user: {{token: token-of-the-admin}}}}]
"""
POLICY = """
site: the site of the tests
namespaces: [hub]
"""


class JoinedSite(PodSite):
    """`north` joins instead of being configured. `rules` are those of admission; it is unreachable after `away`."""

    def __init__(self, state, rules="[{rule: token}, {rule: claim}]", away="3s"):
        super().__init__(state)
        self.inner = free_port()
        text = (state / "orrery.yaml").read_text()
        head, _ = text.split("clusters:\n")
        head = head.replace("token: a-token-of-the-tests", f'inner: "127.0.0.1:{self.inner}", token: a-token-of-the-tests')
        head = head.replace('hub: {listen:', f'hub: {{away: {away}, listen:')
        (state / "orrery.yaml").write_text(
            head + "clusters:\n  north: {agent: true, title: North, namespace: hub}\nadmission: " + rules + "\n")
        (state / "kubeconfig").write_text(KUBECONFIG.format(port=self.cluster_port))
        (state / "site.yaml").write_text(POLICY)
        (state / "kubeconfig").chmod(0o600)
        self.agents = {}

    def do_without_a_provider(self):
        """Where nobody logs in: the configuration names a secret of a login all the same."""
        (self.state / "provider").mkdir()
        (self.state / "provider/client.secret").touch(0o600)
        (self.state / "provider/client.secret").write_text("of-nobody")

    def ordered(self, *arguments):
        return subprocess.run([PROGRAM, "clusters", *arguments, "--config", self.state / "orrery.yaml"],
                              capture_output=True, text=True, env=environment(), timeout=60)

    def clusters(self, *arguments, status=0):
        done = self.ordered(*arguments)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout.strip()

    def join_string(self, *arguments):
        """With the pin, which the proxy tells the hub when it comes: before, the command is refused."""
        eventually(lambda: "#pin=" in self.ordered("address").stdout, lambda: self.words("hub"))
        return self.clusters(*(arguments or ("address",)))

    def start_agent(self, join, name="agent", key="key", wish="north", kubeconfig="kubeconfig", before=(), more=()):
        """`before` are words before the command, `more` its last ones."""
        (self.state / f"{name}.join").write_text(join)
        (self.state / f"{name}.join").chmod(0o600)
        log = open(self.state / f"{name}.out", "a")
        self.agents[name] = subprocess.Popen(
            [*before, AGENT, "run", "--join-file", self.state / f"{name}.join", "--kubeconfig", self.state / kubeconfig,
             "--state", self.state / key, "--policy", self.state / "site.yaml", "--name", wish, "--grace", "1", *more],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())

    def end_agent(self, name="agent", number=signal.SIGTERM):
        process = self.agents.pop(name)
        process.send_signal(number)
        process.wait(30)

    @contextlib.contextmanager
    def agent(self, join, **named):
        self.start_agent(join, **named)
        try:
            yield
        finally:
            for name in list(self.agents):
                self.end_agent(name)

    @contextlib.contextmanager
    def another_cluster(self):
        """A second pocket, with a kubeconfig of its own."""
        port = free_port()
        text = (self.state / "north/pocket.yaml").read_text()
        text = text.replace(f"127.0.0.1:{self.cluster_port}", f"127.0.0.1:{port}").replace("north/state", "other/state")
        (self.state / "other").mkdir()
        (self.state / "other/pocket.yaml").write_text(text.replace("cluster: north", "cluster: other"))
        shutil.copy(self.state / "north/claim.yaml", self.state / "other/claim.yaml")
        (self.state / "other-kubeconfig").write_text(KUBECONFIG.format(port=port))
        command = [PROGRAM, "pocket", "--stop-pods-at-exit", "--config", self.state / "other/pocket.yaml"]
        with self.running(command, "other"):
            yield

    def line(self, name="north"):
        return next((line for line in self.clusters().splitlines() if line.startswith(name + " ")), "")

    def is_said(self, words, name="north"):
        """Until the cluster's line has `words`."""
        eventually(lambda: words in self.line(name),
                   lambda: f"{words}: {self.clusters()}\n{self.words('hub')}\n{self.words('agent')}")

    def pods(self):
        return [pod["metadata"]["name"] for pod in self.object("pods")["items"]]

    def door(self, token):
        """The site as `Kernel` knows one."""
        def request(method, path, **named):
            return requests.request(method, self.url + path, timeout=60, proxies={"http": None}, **named)

        return types.SimpleNamespace(token=token, request=request, port=self.port, host=f"127.0.0.1:{self.port}")

    def home_page(self, browser):
        return browser.get(f"{self.url}/hub/home", timeout=10).text

    def notebook_answers(self, browser, name):
        """Whether the notebook's own server answers: it lets its owner in by way of the hub, and then shows its page."""
        answer = browser.get(f"{self.url}/user/{name}/api/status", timeout=30)
        return answer.status_code < 500 and answer.status_code != 424 and "X-JupyterHub-Version" in answer.headers
