"""A hub and its proxy as processes of their own, and a cluster behind an agent whose API misbehaves on demand."""
import contextlib
import re
import signal
import subprocess
import types

import requests

from apiserver import double
from demo import eventually
from joined import KUBECONFIG, JoinedSite
from proxying import PROGRAM as PROXY
from proxying import environment
from test_issuer_keys import PROGRAM


class SeparateSite(JoinedSite):
    """Everybody may start sessions; whoever is in science is an administrator. Parts are started and ended by name."""

    def __init__(self, state, **named):
        super().__init__(state, **named)
        path = state / "orrery.yaml"
        text = path.read_text().replace("  allow: [developers]", "  allow: [developers]\n  admin: [science]", 1)
        text = text.replace('from: ["demo:/orrery/developers"]', 'from: ["demo:/orrery/developers", "demo:/orrery/science"]')
        path.write_text(text.replace("  groups: {developers:", '  groups: {science: {from: ["demo:/orrery/science"]}, developers:', 1))
        (state / "proxy.token").write_text("a-token-of-the-tests")
        (state / "proxy.token").chmod(0o600)
        self.parts = {}
        api, hub = re.search(r'api: "\S+?:(\d+)"', text)[1], re.search(r'listen: "(\S+?)", database', text)[1]
        self.commands = {
            "hub": [PROGRAM, "hub", "--config", path],
            "proxy": [PROXY, "--ip", "127.0.0.1", "--port", str(self.port), "--api-ip", "127.0.0.1", "--api-port", api,
                      "--inner-ip", "127.0.0.1", "--inner-port", str(self.inner), "--hub", f"http://{hub}",
                      "--state-dir", state / "proxy"]}

    def begin(self, name):
        with open(self.state / f"{name}.out", "a") as log:
            self.parts[name] = subprocess.Popen(
                self.commands[name], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(ORRERY_PROXY_TOKEN_FILE=str(self.state / "proxy.token")))

    def end(self, name, number=signal.SIGTERM):
        process = self.parts.pop(name)
        process.send_signal(number)
        process.wait(30)

    @contextlib.contextmanager
    def hub(self):
        try:
            for name in self.commands:
                self.begin(name)
            eventually(self.answers, lambda: self.words("hub") + self.words("proxy"))
            yield
        finally:
            for name in list(self.parts):
                self.end(name)

    @contextlib.contextmanager
    def double(self):
        """Between the agent and its cluster's API from now on."""
        with double(types.SimpleNamespace(url=f"http://127.0.0.1:{self.cluster_port}", ca=None), self.state) as (url, control):
            port = url.rsplit(":", 1)[1]
            (self.state / "kubeconfig").write_text(KUBECONFIG.format(port=port))
            self.control = control
            yield

    def misbehave(self, method, path, **named):
        """One request to the double's control interface."""
        answer = requests.request(method, self.control + path, timeout=10, proxies={"http": None}, **named)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def calls(self):
        return self.misbehave("GET", "/calls")
