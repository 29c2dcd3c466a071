"""An issuer that changes its signing keys while the hub runs: glewlwyd, for real."""
import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import urllib.parse

import pytest
import requests
from joserfc import jwk

from demo import eventually
from proxying import environment, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("ORRERY", str(ROOT / ".build" / "debug" / "orrery"))
CONFIGURATION = """
url: {url}
hub: {{listen: "127.0.0.1:{hub}", database: "{state}/hub.sqlite"}}
proxy: {{listen: "127.0.0.1:{port}", api: "127.0.0.1:{api}", token: a-token-of-the-tests}}
policy: {policy}
auth:
  allow: [science]
  issuers:
    demo:
      issuer: {issuer}/api/oidc
      groups: {{claim: wlcg.groups, kind: commas}}
      uid: {{claim: uidNumber}}
      gid: {{claim: gidNumber}}
      login: {{client: orrery, secret: "file:{state}/provider/client.secret", scopes: [openid, profile, groups]}}
  groups:
    science: {{gid: 5002, from: ["demo:/orrery/science"]}}
    developers: {{gid: 5001, from: ["demo:/orrery/developers"]}}
    collaborators: {{gid: 5003, from: ["demo:/orrery/collaborators"]}}
    "project:{{g}}": {{gids: {{photoz: 5101, calib: 5102}}, from: ["demo:/orrery/project/{{g}}"]}}
clusters:
  north: {{server: "http://127.0.0.1:9", token: none, namespace: hub}}
  south: {{server: "http://127.0.0.1:9", token: none, namespace: hub}}
"""


class Site:
    """Hub, proxy and issuer, without a cluster."""

    def __init__(self, state):
        self.state, self.port, self.issuer_port = state, free_port(), free_port()
        self.url, self.issuer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.issuer_port}"
        (state / "orrery.yaml").write_text(CONFIGURATION.format(
            url=self.url, hub=free_port(), port=self.port, api=free_port(), state=state, issuer=self.issuer,
            policy=ROOT / "profiles"))

    @contextlib.contextmanager
    def provider(self):
        """glewlwyd, set up as for the demo the first time."""
        command = [sys.executable, ROOT / "deploy/parts/provider.py", "--state", self.state / "provider", "--port",
                   str(self.issuer_port), "--callback", f"{self.url}/hub/callback/demo", "--logout",
                   f"{self.url}/hub/logout", "--back-channel", f"{self.url}/hub/logout/demo"]
        with self.running(command, "provider"):
            eventually(lambda: "ready" in self.words("provider"), lambda: self.words("provider"))
            yield

    @contextlib.contextmanager
    def hub(self):
        with self.running([PROGRAM, "up", "--config", self.state / "orrery.yaml"], "hub"):
            eventually(self.answers, lambda: self.words("hub"))
            yield

    @contextlib.contextmanager
    def running(self, command, name):
        with open(self.state / f"{name}.out", "w") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def words(self, name):
        """The last of what the program has said, for whoever reads of a failure."""
        return self.said(name)[-3000:]

    def said(self, name):
        """All of it, for a test to look for something."""
        return (self.state / f"{name}.out").read_text(errors="replace")

    def answers(self):
        with self.browser() as browser:
            return browser.get(f"{self.url}/hub/login", timeout=2).status_code == 200

    def browser(self):
        """Never through a proxy of the environment."""
        session = requests.Session()
        session.trust_env = False
        return session

    def rotate(self):
        """New keys, as an administrator of glewlwyd would give it, under a name that nobody has heard of."""
        key = jwk.RSAKey.generate_key(2048).as_dict(private=True)
        key.update(kid=os.urandom(4).hex(), alg="RS256", use="sig")
        with contextlib.closing(sqlite3.connect(self.state / "provider/glewlwyd.db")) as database, database:
            row = "g_plugin_module_instance WHERE gpmi_name = 'oidc'"
            parameters = json.loads(database.execute(f"SELECT gpmi_parameters FROM {row}").fetchone()[0])
            parameters.update({"jwks-private": json.dumps({"keys": [key]}), "default-kid": key["kid"]})
            database.execute("UPDATE g_plugin_module_instance SET gpmi_parameters = ? WHERE gpmi_name = 'oidc'",
                             [json.dumps(parameters)])
        return key["kid"]

    def log_in(self, name):
        """A whole login as a browser does it; where it ends."""
        with self.browser() as browser:
            password = json.loads((self.state / "provider/people.json").read_text())[name]
            browser.post(f"{self.issuer}/api/auth/", json={"username": name, "password": password}, timeout=10)
            departure = browser.get(f"{self.url}/hub/login/demo", allow_redirects=False, timeout=10)
            # What glewlwyd's page adds when the person says «Continue».
            answer = browser.get(departure.headers["Location"] + "&g_continue", allow_redirects=False, timeout=10)
            arrival = browser.get(answer.headers["Location"], timeout=10)
            return urllib.parse.urlsplit(arrival.url).path, arrival.text

    def published(self):
        with self.browser() as browser:
            return {key["kid"] for key in browser.get(f"{self.issuer}/api/oidc/jwks", timeout=10).json()["keys"]}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_new_signing_key_is_known_within_a_minute(site):
    with contextlib.ExitStack() as hub:
        with site.provider():
            hub.enter_context(site.hub())
            before = site.published()
            assert site.log_in("grace")[0] == "/hub/home"
        for _ in range(2):
            kid = site.rotate()
            with site.provider():
                assert site.published() == {kid} != before
                # The second new key comes within the minute in which the hub has already looked once.
                eventually(lambda: site.log_in("grace")[0] == "/hub/home", lambda: site.words("hub"), 70)
