"""A hub here whose sessions run on the API server of ORRERY_TEST_KUBECONFIG, in namespaces that are made for it.

ORRERY_TEST_IMAGE has to have jupyterhub-singleuser in it, and ORRERY_TEST_ADDRESS is an address of this machine that the cluster's
pods reach; this machine has to reach theirs. `Tests/Kubernetes/up` is such a cluster."""
import contextlib
import os
import pathlib
import re
import subprocess

import yaml

from apiserver import AGENT, AgentGround, Ground, server
from demo import eventually
from onehome import DIGEST
from joined import JoinedSite

ADDRESS = os.environ.get("ORRERY_TEST_ADDRESS")
BINDING = "cluster: north\nsources: {home: {claim: {size: 100Mi, modes: [ReadWriteOnce]}}}\n"


class ForeignSite(JoinedSite):
    """`ground` is where sessions live: a `Ground` for a hub with the account's token, an `AgentGround` for one with an agent."""

    def __init__(self, state, ground):
        super().__init__(state)
        self.ground, self.api = ground, ground.server
        self.sessions = ground.sessions if isinstance(ground, AgentGround) else ground.name
        self.change("orrery.yaml", f'listen: "127.0.0.1:{self.port}"', f'listen: "0.0.0.0:{self.port}"')
        self.change("orrery.yaml", f'api: "{self.url}/hub/api"', f'api: "http://{ADDRESS}:{self.port}/hub/api"')
        where = f"namespace: {self.sessions}"
        if isinstance(ground, AgentGround):
            self.change("orrery.yaml", "namespace: hub}", where + "}")
        else:
            (state / "hub.token").touch(0o600)
            (state / "hub.token").write_text(ground.token)
            authority = f', ca: "file:{self.api.ca}"' if self.api.ca else ""
            self.change("orrery.yaml", "{agent: true, title: North, namespace: hub}",
                        f'{{server: "{self.api.url}", token: "file:{state}/hub.token"{authority}, {where}}}')
        host, repository, digest = re.fullmatch("([^/]+)/([^@]+)@(.+)", self.api.image).groups()
        self.change("policy/profiles.yaml", "registry.test/lab/lab", f"{host}/{repository}")
        self.change("policy/profiles.yaml", DIGEST, digest)
        self.change("policy/profiles.yaml", 'host: registry.test, repos: ["lab/*"]', f'host: "{host}", repos: ["{repository}"]')
        (state / "policy/clusters/north.yaml").write_text(BINDING)

    def change(self, file, old, new):
        text = (self.state / file).read_text()
        assert old in text, (file, old)
        (self.state / file).write_text(text.replace(old, new))

    def call(self, method, path, body=None):
        return self.api.call(method, f"/api/v1/namespaces/{self.sessions}/{path}", body)

    def object(self, path):
        """What there is for sessions; a cluster has objects of its own in each namespace."""
        found = self.call("GET", path)
        found["items"] = [each for each in found["items"] if each["metadata"]["name"].startswith("nb-")]
        return found

    def words(self, name):
        return super().words(name) if name in ("hub", "provider") else ""

    @contextlib.contextmanager
    def cluster(self):
        yield


@contextlib.contextmanager
def direct(directory):
    """A hub that has an account of the cluster."""
    with server(directory) as api, Ground(api) as ground:
        yield ForeignSite(directory, ground)


@contextlib.contextmanager
def joined(directory):
    """A hub that a cluster joins by the agent that runs in its pods."""
    with server(directory) as api, AgentGround(api) as ground:
        yield ForeignSite(directory, ground)


def push_agent(directory, registry):
    """An image of the agent in the cluster's registry: its reference."""
    root = pathlib.Path(__file__).resolve().parents[2]
    made = subprocess.run([root / "deploy/image", "orrery-agent", "--binary", AGENT, "--to", directory / "agent.tar"],
                          check=True, text=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["skopeo", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false",
                    f"oci-archive:{directory}/agent.tar", f"docker://{registry}/orrery-agent:tests"], check=True)
    return f"{registry}/orrery-agent@{re.search('sha256:[0-9a-f]{64}', made)[0]}"


def run_agent(site, image, join):
    """What `kubectl apply` would do with the rest of the manifest, and the one line."""
    own = site.ground.own
    site.api.call("POST", f"/api/v1/namespaces/{own}/secrets", {
        "metadata": {"name": "orrery-join"}, "stringData": {"join": join}})
    printed = subprocess.run(
        [AGENT, "manifest", "--namespace", own, "--sessions", site.sessions, "--image", image],
        check=True, text=True, stdout=subprocess.PIPE).stdout
    deployment = next(each for each in yaml.safe_load_all(printed) if each["kind"] == "Deployment")
    site.api.call("POST", f"/apis/apps/v1/namespaces/{own}/deployments", deployment)
    eventually(lambda: "ready" in site.line(), lambda: f"{site.clusters()}\n{site.words('hub')}\n{agents_words(site)}", 180)


def agents_words(site):
    pods = site.api.call("GET", f"/api/v1/namespaces/{site.ground.own}/pods")["items"]
    said = [site.api.session.get(f"{site.api.url}/api/v1/namespaces/{site.ground.own}/pods/{pod['metadata']['name']}/log",
                                 timeout=30).text[-2000:] for pod in pods]
    return "\n".join([*(str(pod["status"].get("containerStatuses")) for pod in pods), *said])
