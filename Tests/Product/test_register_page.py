"""docs/register-a-cluster.md as the admin of a site follows it, on a cluster where nothing is: its own lines, by kubectl."""
import base64
import json
import os
import re
import shlex
import subprocess

import pytest
import requests
import yaml

from apiserver import AGENT, ROOT, server
from authorities import Authority
from demo import eventually
from joined import JoinedSite
from proxying import environment, free_port

PAGE = (ROOT / "docs/register-a-cluster.md").read_text()
# A pocket has no controllers, evictions or network of its own; the test does what a Deployment would.
NOT_KEPT = ("Deployment", "NetworkPolicy", "PodDisruptionBudget")


def lines_of_the_page():
    """Every command, without what is said beside it; lines that go on are one."""
    text = re.sub(r"\\\n +", "", "\n".join(line[4:] for line in PAGE.splitlines() if line.startswith("    ")))
    return [re.split(r" {3,}", line)[0] for line in text.splitlines()]


LINES = lines_of_the_page()


def line_with(*words):
    found = [line for line in LINES if all(word in line for word in words)]
    assert len(found) == 1, (words, LINES)
    return found[0]


class Admin:
    """At a shell with kubectl, orrery-agent and the rights of an administrator of the cluster, and nothing else."""

    def __init__(self, directory, api):
        self.directory, self.api, self.url, self.ca = directory, api, api.url, api.ca
        self.front = None
        if not api.ca:
            self.secure()
        (directory / "bin").mkdir()
        (directory / "bin/orrery-agent").symlink_to(AGENT)
        self.kubeconfig("admin", api.token)
        self.agent, self.words = None, directory / "agent.log"

    def secure(self):
        """kubectl shows its token in TLS alone, which a pocket does not speak."""
        authority, port = Authority(self.directory, "cluster"), free_port()
        listen = f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,verify=0,cert={authority.server('127.0.0.1')}"
        self.front = subprocess.Popen(["socat", listen, "TCP:" + self.api.url.split("//")[1]])
        self.url, self.ca = f"https://127.0.0.1:{port}", authority.file

        def answers():
            return requests.get(f"{self.url}/readyz", verify=self.ca, timeout=5, proxies={"https": None}).ok
        eventually(answers, "the cluster answers in TLS")

    def kubeconfig(self, name, token):
        path = self.directory / f"{name}.conf"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "site",
            "contexts": [{"name": "site", "context": {"cluster": "site", "user": name, "namespace": "orrery-agent"}}],
            "clusters": [{"name": "site", "cluster": {
                "server": self.url, "certificate-authority": str(self.ca)}}],
            "users": [{"name": name, "user": {"token": token}}]}))
        path.chmod(0o600)
        return path

    def type(self, line, ok=(0,), **replaced):
        """What a line of the page prints, with what stands in it for something of the site's own."""
        for old, new in replaced.items():
            assert old in line, (old, line)
            line = line.replace(old, str(new))
        assert "…" not in line, line
        # What kubectl is given goes on without the kinds that are not kept.
        line = re.sub(r"\| kubectl", f"| python3 -c {shlex.quote(SIEVE)} | kubectl", line)
        # Nor does a pocket say what it takes, so that kubectl has nothing to hold objects against.
        line = line.replace("kubectl apply", "kubectl apply --validate=false")
        # And it reads JSON alone, where kubectl writes protobuf for what it makes itself.
        if " create secret " in line:
            line += " --dry-run=client -o json | kubectl create --validate=false -f -"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
            cwd=self.directory, env=environment(PATH=f"{self.directory}/bin:{os.environ['PATH']}",
                                                KUBECONFIG=f"{self.directory}/admin.conf"))
        assert done.returncode in ok, f"{line}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def deploy(self, replicas=1):
        """What the Deployment's pod runs, as the account that it names, with the files that it mounts."""
        pod = next(each for each in yaml.safe_load_all(self.type("orrery-agent manifest --image registry.test/orrery-agent"))
                   if each["kind"] == "Deployment")["spec"]["template"]["spec"]
        token = self.api.call(
            "POST", f"/api/v1/namespaces/orrery-agent/serviceaccounts/{pod['serviceAccountName']}/token",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
             "spec": {"expirationSeconds": 3600}})["status"]["token"]
        (container,) = pod["containers"]
        for mount in container["volumeMounts"]:
            volume = next(each for each in pod["volumes"] if each["name"] == mount["name"])
            place = self.place(mount["mountPath"])
            place.mkdir(parents=True, exist_ok=True)
            if "configMap" in volume:
                data = json.loads(self.type(f"kubectl -n orrery-agent get configmap {volume['configMap']['name']} -o json"))["data"]
            elif "secret" in volume:
                data = json.loads(self.type(f"kubectl -n orrery-agent get secret {volume['secret']['secretName']} -o json"))["data"]
                data = {name: base64.b64decode(value).decode() for name, value in data.items()}
            else:
                continue
            for name, text in data.items():
                (place / name).touch(0o600)
                (place / name).write_text(text)
        arguments = [str(self.place(word)) if word.startswith("/") else word for word in container["args"]]
        with open(self.words, "a") as log:
            self.agent = subprocess.Popen(
                [AGENT, *arguments, "--kubeconfig", self.kubeconfig("agent", token), "--name", "site"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=environment(POD_NAMESPACE="orrery-agent"))

    def place(self, path):
        return self.directory / "pod" / path.lstrip("/")

    def end(self):
        if self.agent:
            agent, self.agent = self.agent, None
            agent.terminate()
            agent.wait(60)


SIEVE = ("import sys; parts = sys.stdin.read().split(chr(10) + '---' + chr(10)); "
         f"print((chr(10) + '---' + chr(10)).join(part for part in parts if not any('kind: ' + kind in part for kind in {NOT_KEPT})))")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    hub = JoinedSite(tmp_path_factory.mktemp("hub"))
    hub.do_without_a_provider()
    with hub.hub():
        yield hub


@pytest.fixture(scope="module")
def admin(tmp_path_factory):
    directory = tmp_path_factory.mktemp("site")
    with server(directory) as api:
        if "pocket" in api.call("GET", "/version")["gitVersion"]:
            api.call("POST", "/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": "kube-system"}}, ok=(201, 409))
        admin = Admin(directory, api)
        try:
            yield admin
        finally:
            admin.end()
            if admin.front:
                admin.front.terminate()
                admin.front.wait(10)


def test_every_line_of_the_page_is_followed_here():
    """A line that is added to the page is added to the test."""
    known = ("manifest --image", "create secret", "logs deploy/", "orrery-agent doctor", "scale deploy/", "| kubectl delete",
             # In test_image.py.
             "deploy/image orrery-agent", "skopeo copy --preserve-digests")
    assert [line for line in LINES if not any(word in line for word in known)] == []


def test_the_cluster_joins_and_its_doctor_is_content(hub, admin):
    (admin.directory / "joining").write_text(hub.join_string("invite", "--owner", "developers"))
    admin.type(line_with("manifest --image"), **{"sha256:…": "sha256:" + "2" * 64, "REGISTRY": "registry.test"})
    admin.type(line_with("create secret"), FILE="joining")
    admin.deploy()
    eventually(lambda: ", ready" in hub.line("site"), lambda: hub.clusters() + admin.words.read_text()[-3000:])
    # `kubectl logs deploy/orrery-agent`
    assert line_with("logs deploy/") and "This cluster is a member of" in admin.words.read_text()
    assert "orrery-agent-key" in admin.type("kubectl -n orrery-agent get secret orrery-agent-key -o name")

    doctor = line_with("orrery-agent doctor").replace("/etc/orrery", str(admin.place("/etc/orrery")))
    said = admin.type(doctor + f" --kubeconfig {admin.directory}/agent.conf --own-namespace orrery-agent", ok=(0, 1),
                      **{"REGISTRY/IMAGE@sha256:…": admin.api.image})
    failed = [line for line in said.splitlines() if line.startswith("failed")]
    # Processes of one machine reach each other: nobody would keep two sessions of a pocket apart.
    assert all("NetworkPolicy" in line or "metadata" in line for line in failed), said
    for what in ("hub", "Kubernetes API", "clock", "rights", "no more rights", "site policy", "session", "reached"):
        assert re.search(rf"^(ok|warning) +{what}\b", said, re.M), (what, said)


def test_the_hub_sees_what_the_page_promises_and_the_site_takes_its_leave(hub, admin):
    assert admin.agent.poll() is None
    assert line_with("scale deploy/")
    admin.end()
    eventually(lambda: "unreachable since" in hub.line("site"), hub.clusters)
    admin.type(line_with("| kubectl delete"))
    left = admin.type("kubectl get namespaces -o name")
    assert "orrery" not in left, left
    hub.clusters("leave", "site")
    assert " left" in hub.line("site")
