"""An API server to try the hub's rights on: a pocket of a test's own, or the one of ORRERY_TEST_KUBECONFIG."""
import base64
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time
import uuid

import requests
import yaml

from demo import DIRECT, eventually
from lab import lab
from proxying import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/debug/orrery"
AGENT = ROOT / ".build/debug/orrery-agent"
DOUBLE = ROOT / ".build/debug/fault-double"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
IMAGE = "registry.test/lab/lab@sha256:" + "1" * 64
MARK = "orrery.io/test-suite"
POCKET = """
cluster: north
listen: 127.0.0.1:{port}
state: "{state}/state"
addresses: 127.{block}.0.0/16
images: [{{name: registry.test/lab/lab, digest: "{digest}", environment: "{lab}"}}]
storageClasses: [{{name: usual, directory: "{state}/volumes", default: true}}]
tokens: [{{name: admin, token: token-of-the-admin, admin: true}}]
"""


class Server:
    """Its administrator's view: `server.call("GET", path)`."""

    def __init__(self, url, image, token=None, client=None, ca=None):
        self.url, self.image, self.token, self.ca = url, image, token, ca
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cert, self.session.verify = client, ca or True
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, body=None, ok=(200, 201, 202), **fields):
        answer = self.session.request(method, self.url + path, timeout=30,
                                      data=None if body is None else json.dumps(body),
                                      headers={"Content-Type": "application/json", **fields})
        assert answer.status_code in ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()


@contextlib.contextmanager
def server(directory):
    """The API server of ORRERY_TEST_KUBECONFIG, whose pods this machine reaches, or a pocket below `directory`."""
    if kubeconfig := os.environ.get("ORRERY_TEST_KUBECONFIG"):
        image = os.environ.get("ORRERY_TEST_IMAGE")
        assert image, "ORRERY_TEST_IMAGE has to name an image by digest that the cluster may pull, with python3 in it"
        with tempfile.TemporaryDirectory() as private:
            yield read(pathlib.Path(kubeconfig), pathlib.Path(private), image)
        return
    port = free_port()
    (directory / "pocket.yaml").write_text(POCKET.format(
        port=port, state=directory, block=64 + port % 128, digest=IMAGE.split("@")[1], lab=lab()))
    with open(directory / "pocket.log", "w") as log:
        pocket = subprocess.Popen([PROGRAM, "pocket", "--stop-pods-at-exit", "--config", directory / "pocket.yaml"],
                                  stdout=log, stderr=log)
    try:
        def answers():
            return DIRECT.open(f"http://127.0.0.1:{port}/readyz", timeout=2).status == 200

        eventually(answers, lambda: (directory / "pocket.log").read_text())
        yield Server(f"http://127.0.0.1:{port}", IMAGE, token="token-of-the-admin")
    finally:
        pocket.terminate()
        pocket.wait(30)


def read(path, private, image):
    """The current context of an administrator's kubeconfig, with a token or a client certificate."""
    config = yaml.safe_load(path.read_text())

    def named(kind, name):
        return next(each[kind] for each in config[f"{kind}s"] if each["name"] == name)

    def file(holder, key):
        if data := holder.get(f"{key}-data"):
            (private / key).touch(0o600)
            (private / key).write_bytes(base64.b64decode(data))
            return str(private / key)
        return holder.get(key) and str(path.parent / holder[key])

    context = named("context", config["current-context"])
    cluster, user = named("cluster", context["cluster"]), named("user", context["user"])
    client = file(user, "client-certificate") and (file(user, "client-certificate"), file(user, "client-key"))
    assert client or user.get("token"), "the kubeconfig has neither a token nor a client certificate"
    return Server(cluster["server"], image, user.get("token"), client, file(cluster, "certificate-authority"))


class Ground:
    """`with Ground(server) as ground`: a namespace of its own, with the account, the Role and the binding of
    `deploy/direct/role.yaml` and a token; all of it is removed at the end, whatever happened."""

    account = "orrery-hub"

    def __init__(self, server):
        self.server, self.name = server, f"orrery-test-{uuid.uuid4().hex[:10]}"
        self.objects = list(yaml.safe_load_all((ROOT / "deploy/direct/role.yaml").read_text()))

    def __enter__(self):
        self.sweep()
        try:
            for each in self.objects:
                self.create(each)
            self.token = self.server.call(
                "POST", f"/api/v1/namespaces/{self.name}/serviceaccounts/{self.account}/token",
                {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                 "spec": {"expirationSeconds": 3600}})["status"]["token"]
            self.wait_for_the_default_account()
        except BaseException:
            self.__exit__()
            raise
        return self

    def create(self, each):
        kind, metadata = each["kind"], dict(each["metadata"])
        if kind == "Namespace":
            labels = {**metadata.get("labels", {}), MARK: "yes"}
            return self.server.call("POST", "/api/v1/namespaces",
                                    {**each, "metadata": {"name": self.name, "labels": labels}})
        metadata["namespace"] = self.name
        body = {**each, "metadata": metadata}
        if "subjects" in body:
            body["subjects"] = [{**subject, "namespace": self.name} for subject in body["subjects"]]
        prefix = "/api/v1" if each["apiVersion"] == "v1" else RBAC
        self.server.call("POST", f"{prefix}/namespaces/{self.name}/{kind.lower()}s", body)

    def wait_for_the_default_account(self):
        """A real cluster makes it a moment after the namespace, and refuses pods before; pocket has it without an object."""
        if "pocket" in self.server.call("GET", "/version")["gitVersion"]:
            return
        path = f"/api/v1/namespaces/{self.name}/serviceaccounts"
        eventually(lambda: any(each["metadata"]["name"] == "default" for each in self.server.call("GET", path)["items"]),
                   "the namespace's default account")

    @property
    def rules(self):
        return next(each["rules"] for each in self.objects if each["kind"] == "Role")

    def allow(self, rules):
        self.server.call("PATCH", f"{RBAC}/namespaces/{self.name}/roles/{self.account}", {"rules": rules},
                         **{"Content-Type": "application/merge-patch+json"})

    def __exit__(self, *_):
        self.server.call("DELETE", f"/api/v1/namespaces/{self.name}", ok=(200, 202, 404, 409))
        eventually(lambda: self.gone(self.name), f"the namespace {self.name} is not removed", 180)

    def gone(self, name):
        return self.server.session.get(f"{self.server.url}/api/v1/namespaces/{name}", timeout=30).status_code == 404

    def sweep(self):
        """Namespaces that a run left which was killed; one of the last hour may be somebody's who is testing now."""
        hour_ago = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
        for each in self.server.call("GET", f"/api/v1/namespaces?labelSelector={MARK}")["items"]:
            if each["metadata"]["creationTimestamp"] < hour_ago:
                self.server.call("DELETE", f"/api/v1/namespaces/{each['metadata']['name']}", ok=(200, 202, 404, 409))


@contextlib.contextmanager
def double(server, directory):
    """The fault double in front of `server`: its URL, and that of its control interface."""
    command = [DOUBLE, "--upstream", server.url]
    if server.ca:
        command += ["--ca", server.ca]
    with open(directory / "double.log", "w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        ports = json.loads(process.stdout.readline())
        yield f"http://127.0.0.1:{ports['port']}", f"http://127.0.0.1:{ports['control']}"
    finally:
        process.terminate()
        process.wait(30)


class AgentGround:
    """`with AgentGround(server) as ground`: the two namespaces of an agent with its account, Roles and bindings, as
    `orrery-agent manifest` prints them, and a token of the account; all of it is removed at the end."""

    def __init__(self, server):
        mark = uuid.uuid4().hex[:8]
        self.server, self.own, self.sessions = server, f"orrery-test-{mark}-agent", f"orrery-test-{mark}-sessions"
        printed = subprocess.run([AGENT, "manifest", "--namespace", self.own, "--sessions", self.sessions],
                                 check=True, text=True, stdout=subprocess.PIPE).stdout
        self.objects = list(yaml.safe_load_all(printed))
        for each in self.objects:
            if each["metadata"].get("namespace") == "kube-system":
                # An agent may be at work on this cluster; what it has there must stay as it is.
                each["metadata"]["name"] = self.own
                each.get("roleRef", {}).update(name=self.own)

    def __enter__(self):
        # Every real cluster has it; a pocket only where somebody made it.
        self.server.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace",
                                                        "metadata": {"name": "kube-system"}}, ok=(201, 409))
        try:
            for each in self.objects:
                if path := self.path(each):
                    each["metadata"].setdefault("labels", {})[MARK] = "yes"
                    self.server.call("POST", path, each)
            self.token = self.server.call(
                "POST", f"/api/v1/namespaces/{self.own}/serviceaccounts/orrery-agent/token",
                {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                 "spec": {"expirationSeconds": 3600}})["status"]["token"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def path(self, each):
        """Where an object of it is made; None for kinds that pocket does not keep, and no right depends on."""
        kind, namespace = each["kind"], each["metadata"].get("namespace")
        if kind == "Namespace":
            return "/api/v1/namespaces"
        if kind in ("ServiceAccount", "ConfigMap"):
            return f"/api/v1/namespaces/{namespace}/{kind.lower()}s"
        return f"{RBAC}/namespaces/{namespace}/{kind.lower()}s" if kind in ("Role", "RoleBinding") else None

    def allow(self, namespace, rules):
        name = self.own if namespace == "kube-system" else "orrery-agent"
        self.server.call("PATCH", f"{RBAC}/namespaces/{namespace}/roles/{name}", {"rules": rules},
                         **{"Content-Type": "application/merge-patch+json"})

    def __exit__(self, *_):
        for kind in ("rolebindings", "roles"):
            self.server.call("DELETE", f"{RBAC}/namespaces/kube-system/{kind}/{self.own}", ok=(200, 202, 404))
        for name in (self.own, self.sessions):
            self.server.call("DELETE", f"/api/v1/namespaces/{name}", ok=(200, 202, 404, 409))
