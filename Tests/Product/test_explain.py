"""`orrery explain` and `orrery check`: what somebody would get, before anybody starts anything."""
import contextlib
import json
import sqlite3

import pytest

from policysite import DIGEST, PolicySite


@pytest.fixture
def site(tmp_path):
    return PolicySite(tmp_path)


def dump(site):
    with contextlib.closing(sqlite3.connect(site.state / "hub.sqlite")) as database:
        return list(database.iterdump())


def pod(answer):
    return json.loads(answer.stdout.split("  pod:\n", 1)[1])


def test_mounts_refusals_and_the_pod_of_somebody_made_up(site):
    answer = site.orrery("explain", "ann", "--groups", "developers,project:photoz", "--uid", "20001", "--gid", "20001")
    assert answer.returncode == 0, answer.stderr
    for line in ["person ann: uid 20001, gid 20001, in developers, project:photoz", "profile standard at ",
                 "placement, were all clusters empty and well\n  North: ", "    your home is here +40",
                 "cluster north (North)", "  size small: cpu 100m to 1, memory 256Mi to 1Gi", "  option cuda: 12",
                 "  mount /home/ann rw: fileset home, the home", "  mount /group/photoz rw: fileset groups",
                 "  not mounted: fileset dr3: it opens to everyone on 2027-06-30"]:
        assert line in answer.stdout, line
    made = pod(answer)
    container = made["spec"]["containers"][0]
    assert container["image"] == f"registry.test/lab/lab@{DIGEST}"
    assert made["spec"]["securityContext"]["runAsUser"] == 20001
    token = next(each for each in container["env"] if each["name"] == "JUPYTERHUB_API_TOKEN")
    assert token.keys() == {"name", "valueFrom"}
    assert "never-shown" not in answer.stdout + answer.stderr
    assert not (site.state / "hub.sqlite").exists()


def test_choices_and_the_moment_count(site):
    answer = site.orrery("explain", "ann", "--groups", "developers", "--profile", "standard", "--size", "gpu",
                         "--option", "cuda=13", "--at", "2027-07-01", "--cluster", "north", "--environment", "arm")
    assert answer.returncode == 0, answer.stderr
    assert "mount /datasets/dr3 ro" in answer.stdout and "2 of nvidia.com/mig-3g.40gb" in answer.stdout
    spec = pod(answer)["spec"]
    assert spec["nodeSelector"] == {"accelerator": "a100", "kubernetes.io/arch": "arm64"}
    assert spec["tolerations"] == [{"effect": "NoSchedule", "key": "gpu", "operator": "Exists"}]
    assert {"name": "CUDA", "value": "13"} in spec["containers"][0]["env"]


@pytest.mark.parametrize("words,sentence", [
    (["--groups", "science", "--size", "gpu"], "refused: size gpu: only developers have it"),
    (["--groups", "science", "--option", "cuda=14"], "refused: cuda 14: the option cuda has no such choice"),
    (["--groups", "science", "--profile", "standrad"], "did you mean standard?"),
    (["--groups", "scienec"], "there is no group scienec; did you mean science?"),
    (["--groups", "science", "--cluster", "nroth"], "there is no cluster nroth; known are north"),
    (["--groups", "science", "--option", "cuda"], "an option is written NAME=CHOICE"),
    (["--groups", "science", "--at", "tomorrow"], "tomorrow"),
    (["--groups", ""], "there is nothing that ann may start"),
])
def test_whatever_is_against_it_is_said(site, words, sentence):
    answer = site.orrery("explain", "ann", *words)
    assert answer.returncode != 0 and sentence in answer.stdout + answer.stderr, (answer.stdout, answer.stderr)


def test_somebody_known_has_the_groups_of_the_database_which_stays_as_it_is(site):
    site.people(("ada", 20001, ["developers", "project:photoz"]))
    before = dump(site)
    answer = site.orrery("explain", "ada")
    assert answer.returncode == 0, answer.stderr
    assert "person ada: uid 20001, gid 20001, in developers, project:photoz" in answer.stdout
    assert "mount /scratch/ada rw" in answer.stdout
    assert dump(site) == before
    unknown = site.orrery("explain", "bob")
    assert unknown.returncode == 1 and "nobody here is named bob" in unknown.stderr


def test_every_error_of_a_directory_is_named(site):
    assert site.orrery("check", site.state / "policy").returncode == 0
    site.change("policy/filesets.yaml", "required: true", "requierd: true")
    site.change("policy/clusters/north.yaml", "pvc: scratch, path: \"u/", "pvc: Scratch, path: \"u/")
    answer = site.orrery("check", site.state / "policy")
    assert answer.returncode == 1
    lines = answer.stderr.splitlines()
    assert len(lines) == 2 and "did you mean `required`?" in lines[0] and "`Scratch` cannot be" in lines[1], lines
