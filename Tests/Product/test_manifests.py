"""`orrery manifests`: their fields are those of Kubernetes, and their programs do what they say in a real tree."""
import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest
import yaml

from policysite import DIGEST, PolicySite

ROOT = pathlib.Path(__file__).resolve().parents[2]
METADATA = {"name": 0, "namespace": 0, "labels": any}
LABELS = {"matchLabels": any, "matchExpressions": [{"key": 0, "operator": 0, "values": any}]}
PEERS = [{"ipBlock": {"cidr": 0, "except": any}, "namespaceSelector": LABELS, "podSelector": LABELS}]
PORTS = [{"port": 0, "protocol": 0}]
AMOUNTS = {"requests": any, "limits": any}
SPEC = {
    "automountServiceAccountToken": 0, "enableServiceLinks": 0, "terminationGracePeriodSeconds": 0, "nodeSelector": any,
    "priorityClassName": 0, "restartPolicy": 0, "imagePullSecrets": [{"name": 0}],
    "tolerations": [{"key": 0, "operator": 0, "value": 0, "effect": 0, "tolerationSeconds": 0}],
    "securityContext": {"runAsNonRoot": 0, "runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": 0}},
    "volumes": [{"name": 0, "persistentVolumeClaim": {"claimName": 0}, "hostPath": {"path": 0, "type": 0},
                 "nfs": {"server": 0, "path": 0}, "emptyDir": {}, "configMap": {"name": 0}}],
}
CONTAINERS = [{
    "name": 0, "image": 0, "imagePullPolicy": 0, "command": any, "resources": AMOUNTS,
    "securityContext": {"allowPrivilegeEscalation": 0, "readOnlyRootFilesystem": 0, "runAsUser": 0,
                        "capabilities": {"drop": any, "add": any}},
    "volumeMounts": [{"name": 0, "mountPath": 0, "subPath": 0, "readOnly": 0}],
}]
SPEC |= {"containers": CONTAINERS, "initContainers": CONTAINERS}
TEMPLATE = {"metadata": {"labels": any}, "spec": SPEC}
JOB = {"backoffLimit": 0, "activeDeadlineSeconds": 0, "ttlSecondsAfterFinished": 0, "template": TEMPLATE}
# Every field that the reference of the Kubernetes API (1.27 to 1.36) has and these manifests may use.
FIELDS = {
    ("apps/v1", "DaemonSet"): {"metadata": METADATA, "spec": {
        "selector": LABELS, "template": TEMPLATE,
        "updateStrategy": {"type": 0, "rollingUpdate": {"maxUnavailable": 0}}}},
    ("apps/v1", "Deployment"): {"metadata": METADATA, "spec": {
        "replicas": 0, "selector": LABELS, "strategy": {"type": 0}, "template": TEMPLATE}},
    ("scheduling.k8s.io/v1", "PriorityClass"): {
        "metadata": METADATA, "value": 0, "globalDefault": 0, "preemptionPolicy": 0, "description": 0},
    ("batch/v1", "CronJob"): {"metadata": METADATA, "spec": {
        "schedule": 0, "concurrencyPolicy": 0, "startingDeadlineSeconds": 0, "successfulJobsHistoryLimit": 0,
        "failedJobsHistoryLimit": 0, "jobTemplate": {"spec": JOB}}},
    ("batch/v1", "Job"): {"metadata": METADATA, "spec": JOB},
    ("v1", "ConfigMap"): {"metadata": METADATA, "data": any},
    ("networking.k8s.io/v1", "NetworkPolicy"): {"metadata": METADATA, "spec": {
        "podSelector": LABELS, "policyTypes": any, "ingress": [{"from": PEERS, "ports": PORTS}],
        "egress": [{"to": PEERS, "ports": PORTS}]}},
}


def unknown(value, known, path=""):
    """The paths of `value` that `known` has not."""
    if known is any:
        return []
    if isinstance(known, list):
        return [each for item in value for each in unknown(item, known[0], path)]
    if isinstance(known, dict):
        return [each for name, item in value.items()
                for each in (unknown(item, known[name], f"{path}.{name}") if name in known else [f"{path}.{name}"])]
    return [] if not isinstance(value, (dict, list)) else [path]


def lost(value, other, path=""):
    """What of `value` is not in `other`, to which a program with Kubernetes' own types turned it."""
    if isinstance(value, dict):
        return [each for name, item in value.items()
                for each in (lost(item, other[name], f"{path}.{name}") if name in (other or {}) else [f"{path}.{name}"])]
    if isinstance(value, list):
        return [each for item, twin in zip(value, other) for each in lost(item, twin, path)]
    return [] if value == other else [path]


def documents(answer):
    assert answer.returncode == 0, answer.stderr
    found = list(yaml.safe_load_all(answer.stdout))
    for document in found:
        kind = (document.pop("apiVersion"), document.pop("kind"))
        assert unknown(document, FIELDS[kind]) == [], kind
        document["apiVersion"], document["kind"] = kind
        assert read_by_kubectl(document) == []
    return found


def read_by_kubectl(document):
    spec = document.get("spec", {})
    template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
    if not template:
        return []
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"} | template["metadata"], "spec": template["spec"]}
    answer = subprocess.run(["kubectl", "set", "env", "--local", "-f", "-", "ORRERY_TEST=1", "-o", "json"],
                            input=json.dumps(pod), capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return lost(template["spec"], json.loads(answer.stdout)["spec"])


@pytest.fixture
def site(tmp_path):
    return PolicySite(tmp_path)


def test_images_are_pulled_one_after_another_by_a_nobody(site):
    everywhere, arm = documents(site.orrery("manifests", "prepull"))
    for daemon, name in [(everywhere, "lab"), (arm, "arm")]:
        spec = daemon["spec"]["template"]["spec"]
        assert [each["image"] for each in spec["initContainers"]] == [f"registry.test/lab/{name}@{DIGEST}"]
        assert spec["securityContext"]["runAsUser"] == 65534 and spec["automountServiceAccountToken"] is False
        assert spec["tolerations"] == [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
        assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert "nodeSelector" not in everywhere["spec"]["template"]["spec"]
    assert arm["spec"]["template"]["spec"]["nodeSelector"] == {"kubernetes.io/arch": "arm64"}
    assert "unused" not in site.orrery("manifests", "prepull").stdout


def test_room_gives_way_to_sessions(site):
    priority, room = documents(site.orrery("manifests", "placeholder", "--count", "3", "--size", "gpu"))
    assert priority["value"] == -10 and priority["globalDefault"] is False
    spec = room["spec"]["template"]["spec"]
    assert room["spec"]["replicas"] == 3 and spec["priorityClassName"] == priority["metadata"]["name"]
    assert spec["containers"][0]["resources"]["requests"] == {
        "cpu": "8", "memory": "64Gi", "nvidia.com/mig-3g.40gb": "2"}
    assert spec["nodeSelector"] == {"accelerator": "a100"} and spec["terminationGracePeriodSeconds"] == 0
    assert "there is no size `huge`" in site.orrery("manifests", "placeholder", "--size", "huge").stderr


def test_sessions_reach_the_internet_and_the_hub_and_nothing_inside(site):
    """D12 of what docs/policy.md calls denied unless it is written."""
    [policy] = documents(site.orrery(
        "manifests", "networkpolicy", "--proxy-namespace", "orrery", "--proxy-address", "192.0.2.7/32",
        "--closed", "203.0.113.4/32"))
    spec = policy["spec"]
    assert spec["podSelector"] == {"matchLabels": {"orrery.io/hub": "orrery"}}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    [entry] = spec["ingress"]
    assert [each["port"] for each in entry["ports"]] == [8888, 9999]
    assert entry["from"][0]["podSelector"]["matchExpressions"][0]["values"] == ["orrery-proxy", "orrery-agent"]
    assert entry["from"][1] == {"ipBlock": {"cidr": "192.0.2.7/32"}}
    names, internet, hub = spec["egress"]
    assert {(each["port"], each["protocol"]) for each in names["ports"]} == {(53, "UDP"), (53, "TCP")}
    closed = internet["to"][0]["ipBlock"]["except"]
    # Private networks with the API server, the metadata service, the NFS server of the binding, and what was named.
    for network in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "192.0.2.9/32", "203.0.113.4/32"]:
        assert network in closed
    # What an agent's manifest closes is closed here, too.
    agents = list(yaml.safe_load_all((ROOT / "deploy/agent/networks.yaml").read_text()))
    [agents] = [each["spec"]["egress"][-1]["to"] for each in agents if each["metadata"]["name"] == "orrery-sessions"]
    for own, other in zip(internet["to"], agents, strict=True):
        assert own["ipBlock"]["cidr"] == other["ipBlock"]["cidr"]
        assert set(other["ipBlock"]["except"]) <= set(own["ipBlock"]["except"])
    # An API server reads these as IPv4, which is not within `::/0`, and refuses the policy.
    assert not [each for each in internet["to"][1]["ipBlock"]["except"] if each.startswith("::ffff:")]
    # Not everything in the hub's namespace: hub and proxy, and of those not the proxy's REST interface.
    space = {"matchLabels": {"kubernetes.io/metadata.name": "orrery"}}
    named = {"key": "app.kubernetes.io/name", "operator": "In", "values": ["orrery-hub", "orrery-proxy", "orrery"]}
    assert hub["to"] == [{"namespaceSelector": space, "podSelector": {"matchExpressions": [named]}}]
    assert sorted(each["port"] for each in hub["ports"]) == sorted([site.ports["hub"], site.ports["proxy"]])
    [policy] = documents(site.orrery(
        "manifests", "networkpolicy", "--proxy-namespace", "orrery", "--hub-label", "app=lab", "--hub-label", "tier=hub",
        "--hub-port", "8081"))
    hub = policy["spec"]["egress"][2]
    assert hub["to"] == [{"namespaceSelector": space, "podSelector": {"matchLabels": {"app": "lab", "tier": "hub"}}}]
    assert hub["ports"] == [{"port": 8081, "protocol": "TCP"}]
    for words in (["--hub-label", "app"], ["--hub-port", "0"]):
        assert site.orrery("manifests", "networkpolicy", "--proxy-namespace", "orrery", *words).returncode == 1
    assert "nobody could reach a session" in site.orrery("manifests", "networkpolicy").stderr


@pytest.mark.parametrize("api,rule", [
    ("http://10.1.2.3:8081/hub/api", [{"ipBlock": {"cidr": "10.1.2.3/32"}}]),
    ("http://[fd00::1]:8081/hub/api", [{"ipBlock": {"cidr": "fd00::1/128"}}]),
    ("https://hub.example.org/hub/api", None),
])
def test_the_way_to_the_hub_is_that_of_its_address(tmp_path, api, rule):
    [policy] = documents(PolicySite(tmp_path, api).orrery("manifests", "networkpolicy", "--proxy-namespace", "orrery"))
    rest = policy["spec"]["egress"][2:]
    assert [each["to"] for each in rest] == ([rule] if rule else [])


def program(spec):
    [container] = spec["containers"]
    return container["command"], container


def aged(path, days, content="x"):
    """So many days old in a quarter of a year."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    then = time.time() + (90 - days) * 86400
    os.utime(path, (then, then), follow_symlinks=False)
    return path


def test_the_purge_takes_what_is_old_and_follows_nothing(site, tmp_path):
    [job] = documents(site.orrery("manifests", "purge", "--delete"))
    [dry] = documents(site.orrery("manifests", "purge"))
    command, container = program(job["spec"]["jobTemplate"]["spec"]["template"]["spec"])
    assert [(mount["mountPath"], mount.get("subPath")) for mount in container["volumeMounts"]] == [
        ("/tree/0", "of"), ("/tree/1", "u"), ("/tmp", None)]
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]

    scratch, outside = tmp_path / "scratch", tmp_path / "outside"
    keep = [aged(scratch / "u/ann/new", 29), aged(scratch / "u/ann/large-new", 9, "x" * 4096), aged(outside / "old", 90),
            aged(scratch / "of/photoz/else/old", 20), aged(scratch / "of/photoz/tmp/new", 4),
            aged(scratch / "u/at-the-top", 90)]
    gone = [aged(scratch / "u/ann/old", 31), aged(scratch / "u/ann/deep/ü b/o ld", 31),
            aged(scratch / "u/ann/large", 11, "x" * 4096), aged(scratch / "of/photoz/tmp/old", 6)]
    for link in [scratch / "u/ann/link", scratch / "u/bob", scratch / "of/calib"]:
        link.symlink_to(outside)
    (scratch / "of/evil").mkdir()
    (scratch / "of/evil/tmp").symlink_to(outside)
    old = time.time()
    os.utime(scratch / "u/ann/link", (old, old), follow_symlinks=False)
    os.utime(scratch / "u/ann", (old, old))

    trees = {"/tree/0": str(scratch / "of"), "/tree/1": str(scratch / "u")}
    # A quarter of a year from now: nobody can set the time at which a file was made or moved.
    later = tmp_path / "later"
    later.mkdir()
    (later / "date").write_text(f"#!/bin/sh\necho $(($({shutil.which('date')} +%s) + 90 * 86400))\n")
    (later / "date").chmod(0o755)
    path = {**os.environ, "PATH": f"{later}:{os.environ['PATH']}"}
    run = lambda command, env=path: subprocess.run(
        [trees.get(word, word) for word in command], capture_output=True, text=True, timeout=60, env=env)
    # A session that runs now has just unpacked all of this, old as it says it is.
    fresh = run(command, env=None)
    assert fresh.returncode == 0 and fresh.stdout == "" and all(path.exists() for path in keep + gone)
    listed = run(program(dry["spec"]["jobTemplate"]["spec"]["template"]["spec"])[0])
    assert listed.returncode == 0, listed.stderr
    assert all(str(path) in listed.stdout for path in gone) and all(path.exists() for path in keep + gone)
    swept = run(command)
    assert swept.returncode == 0 and swept.stderr == "", swept.stderr
    assert [path for path in keep if not path.exists()] == []
    assert [path for path in gone if path.exists()] == []
    # The link that is old goes, what it leads to stays; and a person's own directory stays.
    assert not (scratch / "u/ann/link").is_symlink() and (scratch / "u/bob").is_symlink()
    assert (scratch / "u/ann").is_dir() and "outside" not in swept.stdout
    missing = subprocess.run([*command[:5], "/nowhere", "*", "1", "5", "-"], capture_output=True, text=True)
    assert missing.returncode == 1 and "there is no /nowhere" in missing.stderr
    # As that of busybox answers.
    (later / "find").write_text("#!/bin/sh\necho 'find: unrecognized: --version' >&2\nexit 1\n")
    (later / "find").chmod(0o755)
    other = run(command)
    assert other.returncode == 1 and "no GNU find" in other.stderr and "--environment" in other.stderr


def test_the_purge_waits_as_long_as_a_session_may_run(site):
    site.change("policy/profiles.yaml", "life: {max: 1h, grace: 1s}", "life: {max: 20d, grace: 1s}")
    answer = site.orrery("manifests", "purge")
    [job] = documents(answer)
    command, _ = program(job["spec"]["jobTemplate"]["spec"]["template"]["spec"])
    day = 24 * 60
    assert [command[index] for index in (8, 9, 13, 14)] == [f"{20 * day}", "-", f"{30 * day}", f"{20 * day}:1024"], command
    for fileset in ("groups", "scratch"):
        assert f"{fileset} keeps everything for" in answer.stdout + answer.stderr


def test_the_provisioner_makes_homes_of_their_owners_and_takes_none_away(site, tmp_path):
    mine = (os.geteuid(), os.getegid())
    others = [20001, 20002] if mine[0] == 0 else [mine[0]] * 2
    site.people(("ada", others[0], ["developers"]), ("bob", others[1], ["science"]), ("eve", 20003, []))
    plan, job = documents(site.orrery("manifests", "provisioner"))
    assert plan["metadata"]["name"] == job["metadata"]["name"]
    command, container = program(job["spec"]["template"]["spec"])
    assert ("/tree/0", "people") in [(each["mountPath"], each.get("subPath")) for each in container["volumeMounts"]]
    lines = plan["data"]["directories"].splitlines()
    assert [line.split()[3] for line in lines] == ["ada", "bob", "eve"]

    tree, outside, listing = tmp_path / "tree", tmp_path / "outside", tmp_path / "list"
    (tree / "0").mkdir(parents=True)
    outside.mkdir(mode=0o755)
    (tree / "0/eve").symlink_to(outside)
    listing.write_text("".join(
        f"{line.split()[0]} {others[min(index, 1)]} {others[min(index, 1)] if mine[0] == 0 else mine[1]} "
        f"{line.split()[3]}\n" for index, line in enumerate(lines)))
    places = {"/tree": str(tree), "/list/directories": str(listing)}
    run = lambda: subprocess.run([places.get(word, word) for word in command], capture_output=True, text=True, timeout=60)
    first = run()
    assert first.returncode == 1 and "refused: " in first.stderr and "eve is a symbolic link" in first.stderr
    for name, uid in zip(["ada", "bob"], others):
        found = (tree / "0" / name).stat()
        assert found.st_mode & 0o7777 == 0o700 and found.st_uid == uid
    assert outside.stat().st_mode & 0o777 == 0o755 and outside.stat().st_uid == mine[0]

    (tree / "0/eve").unlink()
    (tree / "0/ada/thesis").write_text("years of work")
    (tree / "0/ada").chmod(0o750)
    assert run().returncode == 0
    assert (tree / "0/ada").stat().st_mode & 0o777 == 0o750 and (tree / "0/ada/thesis").exists()
    if mine[0] == 0:
        os.chown(tree / "0/bob", 30000, 30000)
        taken = run()
        assert taken.returncode == 1 and "bob belongs to 30000:30000" in taken.stderr
        assert (tree / "0/bob").stat().st_uid == 30000


def test_what_cannot_be_made_is_said(site):
    site.change("policy/clusters/north.yaml", ", create: provisioner", "")
    site.people(("ada", 20001, ["developers"]))
    assert "nobody needs a directory on north" in site.orrery("manifests", "provisioner").stderr
    assert "there is no cluster `south`" in site.orrery("manifests", "prepull", "--cluster", "south").stderr
    assert "there is no environment `nosuch`" in site.orrery("manifests", "purge", "--environment", "nosuch").stderr
