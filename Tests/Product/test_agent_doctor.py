"""`orrery-agent doctor` on a pocket: with the rights of `orrery-agent manifest`, with less, with more, and what it leaves behind."""
import json
import subprocess

import pytest

from apiserver import AGENT, AgentGround, server


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    directory = tmp_path_factory.mktemp("doctor")
    with server(directory) as api, AgentGround(api) as ground:
        ground.directory = directory
        yield ground


def kubeconfig(ground, token):
    """What a site's admin gives to an agent outside the cluster."""
    path = ground.directory / "agent.conf"
    cluster = {"server": ground.server.url}
    if ground.server.ca:
        cluster["certificate-authority"] = ground.server.ca
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "site",
        "contexts": [{"name": "site", "context": {"cluster": "site", "user": "agent", "namespace": ground.sessions}}],
        "clusters": [{"name": "site", "cluster": cluster}], "users": [{"name": "agent", "user": {"token": token}}]}))
    return path


def examine(ground, *more, token=None):
    """Exit status and findings, by subject."""
    answer = subprocess.run(
        [AGENT, "doctor", "--json", "--kubeconfig", kubeconfig(ground, token or ground.token), "--own-namespace",
         ground.own, *more], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    assert not answer.stderr, answer.stderr
    findings = [json.loads(line) for line in answer.stdout.splitlines()]
    return answer.returncode, {each["subject"]: each for each in findings}


def test_with_the_rights_of_the_manifest_all_of_the_api_is_well(ground):
    status, found = examine(ground)
    assert status == 0, found
    grades = {subject: each["grade"] for subject, each in found.items()}
    assert grades["Kubernetes API"] == grades["rights"] == grades["no more rights"] == grades["site policy"] == "ok"
    assert grades["session"] == "warning" and "--image" in found["session"]["next"]


def test_a_session_is_started_reached_and_removed(ground):
    _, found = examine(ground, "--image", ground.server.image)
    assert found["session"]["grade"] == "ok", found
    assert found["reached"]["grade"] == "ok" and found["throughput"]["grade"] in ("ok", "warning")
    # Processes of one machine reach each other, and a pocket has nobody who would keep them apart: the doctor must notice.
    if "127." in found["reached"]["found"]:
        assert found["NetworkPolicy"]["grade"] == "failed"
    pods = ground.server.call("GET", f"/api/v1/namespaces/{ground.sessions}/pods")["items"]
    assert not [each for each in pods if "deletionTimestamp" not in each["metadata"]]


def test_a_missing_right_is_named_with_whose_doing_it_is(ground):
    role = next(each for each in ground.objects
                if each["kind"] == "Role" and each["metadata"]["namespace"] == ground.sessions)
    ground.allow(ground.sessions, [each for each in role["rules"] if each["resources"] != ["events"]])
    try:
        status, found = examine(ground)
    finally:
        ground.allow(ground.sessions, role["rules"])
    assert status == 1
    assert found["rights"]["grade"] == "failed" and "list events" in found["rights"]["found"]
    assert found["rights"]["whose"] == "this site's" and "orrery-agent manifest" in found["rights"]["next"]


def test_an_account_that_may_more_is_noticed(ground):
    if not ground.server.token:
        pytest.skip("the administrator of this cluster has no token")
    _, found = examine(ground, token=ground.server.token)
    assert found["no more rights"]["grade"] == "warning"
    assert "create pods/exec" in found["no more rights"]["found"]


@pytest.mark.parametrize("text,grade,words", [
    ("maxima: {cpus: 4}", "failed", "did you mean `cpu`"),
    ("paused: the power is cut on Monday", "warning", "the power is cut on Monday"),
    ("registries: [registry.example]", "ok", "read")])
def test_the_sites_policy_is_read(ground, text, grade, words):
    file = ground.directory / "policy.yaml"
    file.write_text(text)
    _, found = examine(ground, "--policy", file)
    assert found["site policy"]["grade"] == grade and words in found["site policy"]["found"]


def test_a_session_that_the_policy_forbids_is_not_even_tried(ground):
    file = ground.directory / "policy.yaml"
    file.write_text("registries: [registry.example]")
    status, found = examine(ground, "--policy", file, "--image", ground.server.image)
    assert status == 1 and "registry.example" in found["session"]["found"]


def test_a_cluster_that_does_not_answer_is_the_only_finding(ground):
    status, found = examine(ground, token="of-nobody")
    assert status == 1 and list(found) == ["Kubernetes API"], found
