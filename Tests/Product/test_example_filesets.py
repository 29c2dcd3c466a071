"""The worked example of profiles/examples, mounted for real: claims, a claim of the person's own, NFS, a directory of the node."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from demo import DIRECT, eventually
from lab import lab
from podsite import DEMO, PodSite
from proxying import environment, free_port
from test_issuer_keys import PROGRAM, ROOT

EXAMPLE = ROOT / "profiles/examples/dmtn-095"
ADA, GRACE, PHOTOZ = 20001, 20002, 5101
GROUPS = """  groups:
    developers: {{gid: 5001, from: ["demo:/orrery/developers"]}}
    science: {{gid: 5002, from: ["demo:/orrery/science"]}}
    collaborators: {{from: ["demo:/orrery/collaborators"]}}
    suspended: {{from: ["demo:/orrery/suspended"]}}
    des: {{from: ["demo:/orrery/des"]}}
    staff: {{from: ["demo:/orrery/staff"]}}
    "project:{{g}}": {{gids: {{photoz: 5101}}, from: ["demo:/orrery/project/{{g}}"]}}
"""
HUB = """
url: {url}
hub: {{listen: "127.0.0.1:{hub}", database: "{state}/hub.sqlite", api: "{url}/hub/api"}}
proxy: {{listen: "127.0.0.1:{port}", api: "127.0.0.1:{api}", token: a-token-of-the-tests}}
policy: {state}/policy
notebook: {{s3: {{audience: sts.usdf.example}}}}
auth:
  allow: [developers, science]
  issuers:
{issuers}
clusters:
  usdf: {{server: "http://127.0.0.1:{usdf}", token: token-of-the-hub, namespace: hub, holds: [ordinary, collaboration]}}
  small: {{server: "http://127.0.0.1:{small}", token: token-of-the-hub, namespace: hub}}
"""
POCKET = """
cluster: {name}
listen: 127.0.0.1:{port}
state: "{state}/{name}/state"
addresses: 127.{block}.0.0/16
namespaces: [hub]
images: [{{name: registry.lsst.example/sciplat/lab, digest: "{digest}", environment: "{lab}"}}]
tokens:
  - name: system:serviceaccount:hub:hub
    token: token-of-the-hub
    namespace: hub
    rules:
      - {{resources: [pods], verbs: [get, list, watch, create, delete]}}
      - {{resources: [pods/log], verbs: [get]}}
      - {{resources: [events], verbs: [list, watch]}}
      - {{resources: [secrets], verbs: [create, patch, delete]}}
      - {{resources: [configmaps], verbs: [create, delete]}}
      - {{resources: [persistentvolumeclaims], verbs: [get, create]}}
  - {{name: admin, token: token-of-the-admin, admin: true}}
{storage}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {name}, namespace: hub}}
spec: {{accessModes: [ReadWriteMany], storageClassName: "", volumeName: {name}, resources: {{requests: {{storage: 1Gi}}}}}}
"""
# Begins before the server, in its pod, as its person: says what it sees, and what it can write to.
LOOK = """
import json, os
def look(path):
    try: names = sorted(os.listdir(path))
    except OSError: return None
    try:
        os.close(os.open(path + "/probe", os.O_CREAT | os.O_WRONLY))
        return ["rw", names]
    except OSError: return ["ro", names]
paths = ["/home", "/jhome", os.environ["HOME"], "/project", "/project/photoz", "/project/shared", "/datasets",
         "/datasets/public", "/datasets/dr3", "/scratch", "/scratch/ada", "/software", "/archive", "/drive", "/cvmfs"]
seen = {path: look(path) for path in paths}
seen["who"] = [os.getuid(), os.getgid(), sorted(os.getgroups())]
seen["role"] = os.environ.get("AWS_ROLE_ARN")
open(os.environ["HOME"] + "/seen.json", "w").write(json.dumps(seen))
os.execvp("jupyterhub-singleuser", ["jupyterhub-singleuser"])
"""


class ExampleSite(PodSite):
    """A hub, glewlwyd, and one pocket for each of the example's clusters."""

    def __init__(self, state):
        self.state, self.port, self.issuer_port = state, free_port(), free_port()
        self.url, self.issuer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.issuer_port}"
        self.ports = {"usdf": free_port(), "small": free_port()}
        issuers = DEMO[:DEMO.index("{more}")] + GROUPS
        (state / "orrery.yaml").write_text(HUB.format(
            url=self.url, hub=free_port(), port=self.port, api=free_port(), state=state, **self.ports,
            issuers=issuers.format(issuer=self.issuer, state=state)))
        shutil.copytree(EXAMPLE, state / "policy")
        profiles = (state / "policy/profiles.yaml").read_text()
        self.digest = re.search(r"digest: (sha256:\w+)", profiles)[1]
        command = json.dumps(["python3", "-c", LOOK])
        (state / "policy/profiles.yaml").write_text(
            profiles.replace(f"    digest: {self.digest}", f"    digest: {self.digest}\n    command: {command}"))

    def fill(self, path, owner=None, group=None, mode=0o755):
        """A directory in which one file lies that is called like it."""
        path = self.state / path
        path.mkdir(parents=True)
        (path / f"of-{path.name}").write_text("")
        path.chmod(mode)
        if os.geteuid() == 0:
            os.chown(path, owner or 0, group or owner or 0)
        return path

    @contextlib.contextmanager
    def clusters(self):
        names = ["sdf-home", "sdf-group", "sdf-scratch", "cvmfs"]
        volumes = "\n".join(
            f'  - {{name: {name}, directory: "{self.state}/{name}", capacity: 1Gi, claim: hub/{name}}}' for name in names)
        usdf = f"""volumes:
{volumes}
objects: [{", ".join(f"{name}.yaml" for name in names)}]
nfs: [{{server: nfs.usdf.example, path: /datasets, directory: "{self.state}/datasets"}}]"""
        small = f"""storageClasses: [{{name: standard, directory: "{self.state}/standard"}}]
hostPaths: ["{self.state}/datasets"]"""
        for name in names:
            (self.state / "usdf").mkdir(exist_ok=True)
            (self.state / f"usdf/{name}.yaml").write_text(CLAIM.format(name=name))
        with self.pocket("usdf", usdf), self.pocket("small", small):
            yield

    @contextlib.contextmanager
    def pocket(self, name, storage):
        port = self.ports[name]
        (self.state / name).mkdir(exist_ok=True)
        (self.state / name / "pocket.yaml").write_text(POCKET.format(
            name=name, port=port, state=self.state, block=64 + port % 128, digest=self.digest, lab=lab(), storage=storage))
        command = [PROGRAM, "pocket", "--stop-pods-at-exit", "--config", self.state / name / "pocket.yaml"]
        with self.running(command, name):
            eventually(lambda: DIRECT.open(f"http://127.0.0.1:{port}/readyz", timeout=2).status == 200,
                       lambda: self.words(name))
            yield

    def session(self, name, cluster):
        """Starts a session and gives what it saw, its pod, and the claims that were made."""
        with contextlib.closing(self.browser()) as browser:
            proof = self.enter(browser, name)
            asked = browser.post(f"{self.url}/hub/api/users/{name}/server", headers=proof, json={"cluster": cluster},
                                 timeout=60)
            assert asked.status_code in (201, 202), asked.text

            def ready():
                servers = browser.get(f"{self.url}/hub/api/users/{name}", headers=proof, timeout=10).json()["servers"]
                return servers.get("", {}).get("ready")

            eventually(ready, lambda: f"{self.words('hub')}\n{self.words(cluster)}", 90)
            self.cluster_port = self.ports[cluster]
            pods, claims = self.object("pods")["items"], self.object("persistentvolumeclaims")["items"]
            self.stop(browser, proof, name)
        return pods[0], claims


@pytest.fixture
def site(tmp_path):
    tmp_path.chmod(0o755)
    site = ExampleSite(tmp_path)
    # The binding's prefix of directories is the site's own affair: here they lie in the test's directory.
    small = tmp_path / "policy/clusters/small.yaml"
    small.write_text(small.read_text().replace("/srv/datasets", f"{tmp_path}/datasets"))
    site.fill("sdf-home/ada", ADA, mode=0o700)
    site.fill("sdf-home/grace", GRACE, mode=0o700)
    site.fill("sdf-group/g/photoz", 0, PHOTOZ, 0o2770)
    site.fill("sdf-group/g/calib", 0, 5102, 0o2777)
    site.fill("sdf-group/shared", mode=0o777)
    site.fill("sdf-scratch/ada", ADA, mode=0o700)
    site.fill("cvmfs/lsst.example", mode=0o777)
    site.fill("datasets/public", mode=0o777)
    site.fill("datasets/dr3", mode=0o777)
    with site.provider(), site.clusters(), site.hub():
        yield site


def test_the_example_is_checked(tmp_path):
    site = ExampleSite(tmp_path)
    (tmp_path / "provider").mkdir()
    (tmp_path / "provider/client.secret").write_text("a-secret-of-the-tests")
    check = [PROGRAM, "check", "--config", tmp_path / "orrery.yaml"]
    good = subprocess.run(check, env=environment(), capture_output=True, text=True, timeout=60)
    assert good.returncode == 0 and "datasets-dr3" in good.stdout, good.stderr
    # Whoever lets science users write to /scratch meets the tests that say otherwise.
    filesets = site.state / "policy/filesets.yaml"
    filesets.write_text(filesets.read_text().replace("# - {to: [science]", "- {to: [science]"))
    bad = subprocess.run(check, env=environment(), capture_output=True, text=True, timeout=60)
    assert bad.returncode == 1 and "ann should not see /scratch on usdf, but sees /scratch/ann" in bad.stderr, bad.stderr


def test_people_see_what_the_technote_says_and_nothing_else(site):
    pod, _ = site.session("ada", "usdf")
    seen = json.loads((site.state / "sdf-home/ada/seen.json").read_text())
    assert seen["/jhome"][1] == ["ada"] and seen["/jhome/ada"] == ["rw", ["of-ada"]]
    assert seen["/project"][1] == ["photoz", "shared"]
    assert seen["/project/photoz"] == ["rw", ["of-photoz"]] and seen["/project/shared"] == ["ro", ["of-shared"]]
    assert seen["/datasets"][1] == ["public"] and seen["/datasets/public"] == ["ro", ["of-public"]]
    assert seen["/scratch"][1] == ["ada"] and seen["/scratch/ada"] == ["rw", ["of-ada"]]
    assert seen["/cvmfs"] == ["ro", ["lsst.example"]]
    assert [seen[path] for path in ("/software", "/archive", "/drive", "/datasets/dr3")] == [None] * 4
    assert seen["role"] is None, "ada is no science user"
    if os.geteuid() == 0:
        assert seen["who"][:2] == [ADA, ADA] and set(seen["who"][2]) - {ADA} == {5001, PHOTOZ}
    claims = [volume["persistentVolumeClaim"]["claimName"] for volume in pod["spec"]["volumes"]
              if "persistentVolumeClaim" in volume]
    assert sorted(claims) == sorted(set(claims)), "each claim is one volume"

    pod, claims = site.session("grace", "small")
    own = next(claim for claim in claims if claim["metadata"]["name"] == "jhome.grace")
    assert own["spec"]["accessModes"] == ["ReadWriteOncePod"] and "ownerReferences" not in own["metadata"]
    directory = pathlib.Path(next((site.state / "standard").glob("hub-jhome.grace-*")))
    seen = json.loads((directory / "seen.json").read_text())
    assert seen["/jhome/grace"][0] == "rw" and seen["/datasets"][1] == ["public"]
    assert seen["/datasets/public"] == ["ro", ["of-public"]]
    absent = ("/project", "/scratch", "/software", "/archive", "/drive", "/cvmfs", "/datasets/dr3")
    assert [seen[path] for path in absent] == [None] * len(absent)
    # The claim outlives the session, and the next one finds what was in it.
    assert site.object("persistentvolumeclaims/jhome.grace")["metadata"]["uid"] == own["metadata"]["uid"]
    (directory / "kept").write_text("")
    site.session("grace", "small")
    assert "kept" in json.loads((directory / "seen.json").read_text())["/jhome/grace"][1]

    site.session("grace", "usdf")
    seen = json.loads((site.state / "sdf-home/grace/seen.json").read_text())
    assert seen["role"] == "arn:minio:iam:::role/grace" and seen["/scratch"] is None
    assert seen["/project"][1] == ["shared"]
