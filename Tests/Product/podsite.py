"""A hub, a proxy, glewlwyd and one pocket cluster, on free ports and in a directory of a test's own."""
import contextlib
import json
import os
import re
import sqlite3
import urllib.request

from demo import DIRECT, eventually
from lab import lab
from onehome import CLAIM, DIGEST, FILESETS, PROFILES
from proxying import free_port
from test_issuer_keys import PROGRAM, Site

HUB = """
url: {url}
hub: {{listen: "127.0.0.1:{hub}", database: "{state}/hub.sqlite", api: "{url}/hub/api"}}
proxy: {{listen: "127.0.0.1:{port}", api: "127.0.0.1:{api}", token: a-token-of-the-tests}}
policy: {state}/policy
auth:
  allow: [developers]
  issuers:
{issuers}
clusters:
  north: {{server: "http://127.0.0.1:{cluster}", token: token-of-the-hub, namespace: hub}}
"""
# glewlwyd, and what a test puts under it.
DEMO = """
    demo:
      issuer: {issuer}/api/oidc
      groups: {{claim: wlcg.groups, kind: commas}}
      uid: {{claim: uidNumber}}
      gid: {{claim: gidNumber}}
      login: {{client: orrery, secret: "file:{state}/provider/client.secret", scopes: [openid, profile, groups]}}
{more}
  groups: {{developers: {{gid: 5001, from: ["demo:/orrery/developers"]}}}}
"""
POCKET = """
cluster: north
listen: 127.0.0.1:{cluster}
state: "{state}/north/state"
addresses: 127.{block}.0.0/16
namespaces: [hub]
images: [{{name: registry.test/lab/lab, tag: "1", digest: "{digest}", environment: "{lab}"}}]
tokens:
  - name: system:serviceaccount:hub:hub
    token: token-of-the-hub
    namespace: hub
    rules:
      - {{resources: [pods], verbs: [get, list, watch, create, delete]}}
      - {{resources: [pods/log], verbs: [get]}}
      - {{resources: [events], verbs: [list, watch]}}
      - {{resources: [secrets], verbs: [create, patch, delete]}}
      - {{resources: [configmaps], verbs: [create, delete, list]}}
  - {{name: admin, token: token-of-the-admin, admin: true}}
volumes: [{{name: home, directory: "{state}/home", capacity: 1Gi, claim: hub/home}}]
objects: [claim.yaml]
"""
POLICY = {
    "filesets.yaml": FILESETS,
    "profiles.yaml": PROFILES,
    "clusters/north.yaml": """
cluster: north
sources: {home: {pvc: home, path: "{user}"}}
""",
}


class PodSite(Site):
    """`issuers` takes the place of glewlwyd, under which otherwise `more` is put; `notebook` ends the configuration."""

    def __init__(self, state, issuers=None, more="", notebook=""):
        self.state, self.port, self.issuer_port, self.cluster_port = state, free_port(), free_port(), free_port()
        self.url, self.issuer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.issuer_port}"
        (state / "orrery.yaml").write_text(HUB.format(
            url=self.url, hub=free_port(), port=self.port, api=free_port(), state=state, cluster=self.cluster_port,
            issuers=issuers or DEMO.format(issuer=self.issuer, state=state, more=more)) + notebook)
        for name, text in POLICY.items():
            (state / "policy" / name).parent.mkdir(parents=True, exist_ok=True)
            (state / "policy" / name).write_text(text)
        (state / "north").mkdir()
        (state / "north/claim.yaml").write_text(CLAIM)
        # A block of addresses that no other test's cluster has at the same time.
        (state / "north/pocket.yaml").write_text(POCKET.format(
            cluster=self.cluster_port, state=state, block=64 + self.cluster_port % 128, digest=DIGEST, lab=lab()))

    def home(self, name, uid):
        """The person's directory, with what the test puts into it."""
        path = self.state / "home" / name
        path.mkdir(parents=True)
        path.parent.chmod(0o755)
        return path, lambda: [os.chown(each, uid, uid) for each in [path, *path.rglob("*")] if os.geteuid() == 0]

    def give_short_tokens(self, seconds):
        """Access tokens of glewlwyd that live this long; it must not be running."""
        with contextlib.closing(sqlite3.connect(self.state / "provider/glewlwyd.db")) as database, database:
            row = "g_plugin_module_instance WHERE gpmi_name = 'oidc'"
            parameters = json.loads(database.execute(f"SELECT gpmi_parameters FROM {row}").fetchone()[0])
            parameters["access-token-duration"] = seconds
            database.execute("UPDATE g_plugin_module_instance SET gpmi_parameters = ? WHERE gpmi_name = 'oidc'",
                             [json.dumps(parameters)])

    @contextlib.contextmanager
    def cluster(self):
        command = [PROGRAM, "pocket", "--stop-pods-at-exit", "--config", self.state / "north/pocket.yaml"]
        with self.running(command, "pocket"):
            eventually(self.cluster_answers, lambda: self.words("pocket"))
            yield

    def cluster_answers(self):
        return DIRECT.open(f"http://127.0.0.1:{self.cluster_port}/readyz", timeout=2).status == 200

    def object(self, path):
        """An object of the cluster, as its administrator sees it."""
        return self.call("GET", path)

    def call(self, method, path, body=None):
        """A call of the cluster's administrator about the namespace of the sessions."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.cluster_port}/api/v1/namespaces/hub/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer token-of-the-admin", "Content-Type": "application/json"})
        with DIRECT.open(request, timeout=10) as answer:
            return json.loads(answer.read())

    def enter(self, browser, name):
        """Logs `name` in; the proof that calls with this browser's cookie carry."""
        password = json.loads((self.state / "provider/people.json").read_text())[name]
        browser.post(f"{self.issuer}/api/auth/", json={"username": name, "password": password}, timeout=10)
        departure = browser.get(f"{self.url}/hub/login/demo", allow_redirects=False, timeout=10)
        answer = browser.get(departure.headers["Location"] + "&g_continue", allow_redirects=False, timeout=10)
        arrival = browser.get(answer.headers["Location"], timeout=10)
        return self.proof(arrival)

    @staticmethod
    def proof(arrival):
        assert arrival.status_code == 200, arrival.text
        return {"X-XSRFToken": re.search(r'name="_xsrf" value="([^"]+)"', arrival.text)[1]}

    def start(self, browser, proof, name):
        """Starts the person's session and waits for it."""
        asked = browser.post(f"{self.url}/hub/api/users/{name}/server", headers=proof, timeout=60)
        assert asked.status_code in (201, 202), asked.text

        def ready():
            servers = browser.get(f"{self.url}/hub/api/users/{name}", headers=proof, timeout=10).json()["servers"]
            return servers.get("", {}).get("ready")

        eventually(ready, lambda: f"{self.words('hub')}\n{self.words('pocket')}", 90)

    def stop(self, browser, proof, name):
        browser.delete(f"{self.url}/hub/api/users/{name}/server", headers=proof, timeout=60)
        for kind in ("pods", "secrets"):
            eventually(lambda: not self.object(kind)["items"], lambda: f"{kind} are left behind\n{self.words('hub')}", 60)
