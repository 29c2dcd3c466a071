"""deploy/agent as kubectl reads it, beside what `orrery-agent manifest` prints, and on a pocket as far as that goes."""
import subprocess

import yaml

from apiserver import AGENT, ROOT, AgentGround, server


def objects(*command):
    printed = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, timeout=60).stdout
    return {(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]): each
            for each in yaml.safe_load_all(printed)}


def test_kustomize_gives_what_the_program_prints():
    assert objects("kubectl", "kustomize", ROOT / "deploy/agent") == objects(AGENT, "manifest")


def test_the_component_adds_the_right_to_see_nodes_and_nothing_else():
    site = ROOT / ".build/test-results/site-of-a-test"
    site.mkdir(parents=True, exist_ok=True)
    (site / "kustomization.yaml").write_text(yaml.safe_dump({
        "resources": ["../../../deploy/agent"], "components": ["../../../deploy/agent/nodes"]}))
    assert objects("kubectl", "kustomize", site) == objects(AGENT, "manifest", "--nodes")


def test_every_name_that_is_used_is_made():
    found = objects("kubectl", "kustomize", ROOT / "deploy/agent")
    namespaces = {name for kind, _, name in found if kind == "Namespace"} | {"kube-system"}
    assert {namespace for kind, namespace, _ in found if kind != "Namespace"} <= namespaces
    pod = next(each for (kind, _, _), each in found.items() if kind == "Deployment")["spec"]["template"]["spec"]
    own = [namespace for kind, namespace, name in found if kind == "ServiceAccount" and name == pod["serviceAccountName"]]
    assert own == ["orrery-agent"]
    maps = {volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume}
    assert maps == {name for kind, _, name in found if kind == "ConfigMap"}
    for (kind, namespace, name), each in found.items():
        if kind == "RoleBinding":
            assert ("Role", namespace, each["roleRef"]["name"]) in found
            assert [(subject["namespace"], subject["name"]) for subject in each["subjects"]] == [(own[0], own[0])]
    arguments = pod["containers"][0]["args"]
    assert arguments[arguments.index("--namespace") + 1] in namespaces
    mounts = tuple(mount["mountPath"] + "/" for mount in pod["containers"][0]["volumeMounts"])
    assert all(word.startswith(mounts) for word in arguments if word.startswith("/"))


def test_the_arguments_are_ones_that_the_program_takes():
    found = objects(AGENT, "manifest")
    arguments = next(each for (kind, _, _), each in found.items()
                     if kind == "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    usage = subprocess.run([AGENT, arguments[0], "--help"], check=True, text=True, stdout=subprocess.PIPE).stdout
    assert all(word in usage for word in arguments if word.startswith("--"))


def test_one_namespace_for_both_is_refused():
    answer = subprocess.run([AGENT, "manifest", "--namespace", "same", "--sessions", "same"], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert answer.returncode != 0 and "two namespaces" in answer.stderr


def test_a_pocket_takes_what_it_keeps(tmp_path):
    with server(tmp_path) as api, AgentGround(api) as ground:
        assert ground.token
