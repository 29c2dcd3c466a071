"""The Role of deploy/direct is exactly what a hub needs, and those of deploy/agent what an agent needs, on pocket or on the API server of ORRERY_TEST_KUBECONFIG:

    ORRERY_TEST_KUBECONFIG=admin.conf ORRERY_TEST_IMAGE=registry/python@sha256:… python -m pytest Tests/Product/test_role.py

The machine has to reach the addresses of the cluster's pods. Everything happens in a namespace that is made for it."""
import copy
import os
import re
import subprocess

import pytest
import requests
import yaml

from apiserver import ROOT, AgentGround, Ground, double, server

ROLE = next(each for each in yaml.safe_load_all((ROOT / "deploy/direct/role.yaml").read_text()) if each["kind"] == "Role")
RIGHTS = [(resource, verb) for rule in ROLE["rules"] for resource in rule["resources"] for verb in rule["verbs"]]
PATH = re.compile(r"^/api/v1/namespaces/[^/]+/([a-z]+)(?:/([^/]+)(?:/([a-z]+))?)?$")
# What `swift test` starts, without its look at every source before.
SUITES = ROOT / ".build/debug/orreryPackageTests.xctest"
VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete", "PUT": "update"}


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    directory = tmp_path_factory.mktemp("role")
    with server(directory) as api, Ground(api) as ground:
        ground.directory = directory
        yield ground


def run(ground, suites, url=None):
    """The hub's own suites for a real cluster, as the account of the Role."""
    settings = {"URL": url or ground.server.url, "TOKEN": ground.token, "NAMESPACE": ground.name,
                "IMAGE": ground.server.image}
    if ground.server.ca and not url:
        settings["CA"] = ground.server.ca
    return subprocess.run(
        [SUITES, "--testing-library", "swift-testing", "--no-parallel", "--filter", suites], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, env={**os.environ, **{f"ORRERY_TEST_CLUSTER_{key}": text for key, text in settings.items()}})


def right(call):
    """What a call needs: resource and verb."""
    resource, name, subresource = PATH.match(call["path"]).groups()
    verb = VERBS.get(call["method"]) or ("get" if name else "watch" if call["isWatch"] else "list")
    return (f"{resource}/{subresource}" if subresource else resource, verb)


def test_the_suite_passes_within_the_role_and_uses_all_of_it(ground):
    with double(ground.server, ground.directory) as (url, control):
        suite = run(ground, "ClusterSuite|RoleSuite", url)
        calls = requests.get(f"{control}/calls", timeout=30).json()
    assert suite.returncode == 0, suite.stdout[-4000:]
    assert int(re.search(r"Test run with (\d+) tests", suite.stdout)[1]) >= 4
    assert {right(call) for call in calls} == set(RIGHTS)
    assert not [call for call in calls if call["status"] in (401, 403)]


@pytest.mark.parametrize("resource,verb", RIGHTS)
def test_without_any_one_right_the_suite_fails(ground, resource, verb):
    rules = copy.deepcopy(ROLE["rules"])
    for rule in rules:
        if resource in rule["resources"]:
            rule["verbs"].remove(verb)
    ground.allow([rule for rule in rules if rule["verbs"]])
    try:
        suite = run(ground, "RoleSuite")
    finally:
        ground.allow(ROLE["rules"])
    assert suite.returncode != 0
    assert "403" in suite.stdout, suite.stdout[-3000:]


# What `orrery-agent manifest` prints, in the namespaces that it has unless told otherwise.
OBJECTS = list(yaml.safe_load_all((ROOT / "deploy/agent/rights.yaml").read_text()))
ROLES = {each["metadata"]["namespace"]: each["rules"] for each in OBJECTS if each["kind"] == "Role"}
AGENT_RIGHTS = [(place, index, verb) for place, rules in ROLES.items() for index, rule in enumerate(rules)
                for verb in rule["verbs"]]


@pytest.fixture(scope="module")
def agent_ground(tmp_path_factory):
    directory = tmp_path_factory.mktemp("agent-role")
    with server(directory) as api, AgentGround(api) as ground:
        ground.directory = directory
        yield ground


def run_agent(ground):
    settings = {"URL": ground.server.url, "TOKEN": ground.token, "SESSIONS": ground.sessions, "OWN": ground.own,
                "IMAGE": ground.server.image}
    if ground.server.ca:
        settings["CA"] = ground.server.ca
    # Each run begins without the key.
    ground.server.call("DELETE", f"/api/v1/namespaces/{ground.own}/secrets/orrery-agent-key", ok=(200, 404))
    return subprocess.run(
        [SUITES, "--testing-library", "swift-testing", "--filter", "AgentRoleSuite"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
        env={**os.environ, **{f"ORRERY_TEST_AGENT_{key}": text for key, text in settings.items()}})


def test_an_agent_and_the_hub_behind_it_stay_within_the_roles(agent_ground):
    suite = run_agent(agent_ground)
    assert suite.returncode == 0, suite.stdout[-4000:]
    assert "Test run with 1 test" in suite.stdout


@pytest.mark.parametrize("place,index,verb", AGENT_RIGHTS)
def test_without_any_one_right_an_agent_fails(agent_ground, place, index, verb):
    rules = copy.deepcopy(ROLES[place])
    what = rules[index]["resources"][0]
    rules[index]["verbs"].remove(verb)
    namespace = {"orrery": agent_ground.sessions, "orrery-agent": agent_ground.own}.get(place, place)
    agent_ground.allow(namespace, [rule for rule in rules if rule["verbs"]])
    try:
        suite = run_agent(agent_ground)
    finally:
        agent_ground.allow(namespace, ROLES[place])
    assert suite.returncode != 0
    assert "403" in suite.stdout or "cannot " in suite.stdout, (what, suite.stdout[-3000:])
