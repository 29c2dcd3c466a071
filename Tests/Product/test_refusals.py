"""What goes wrong ends in one clear sentence, where the person or the admin looks, and in a log line."""
import contextlib
import shutil
import signal
import subprocess

import pytest

from browser import FAILURE, ISSUER, STOP
from demo import eventually


def test_an_image_that_does_not_exist(browsers, demo):
    grace = browsers("grace")
    stop_all(grace)
    grace.start("broken", "south")
    failure = grace.see(FAILURE, 60)
    grace.shot("no-image")
    assert "image" in failure.text and "does not exist" in failure.text, failure.text
    assert "does not exist" in demo.log("hub")


QUOTAS = "/api/v1/namespaces/hub/resourcequotas"


@contextlib.contextmanager
def quota(demo, pods):
    """So many pods may be on south, and no more."""
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"}, "spec": {"hard": {"pods": str(pods)}}}
    assert demo.kubernetes("south", "POST", QUOTAS, body)[0] == 201
    try:
        yield
    finally:
        assert demo.kubernetes("south", "DELETE", QUOTAS + "/full")[0] == 200


def test_a_quota_that_never_has_room(browsers, demo):
    grace = browsers("grace")
    stop_all(grace)
    with quota(demo, 0):
        grace.start("standard", "south")
        failure = grace.see(FAILURE, 60)
        grace.shot("quota-none")
        assert "South can never take this session: its quota full allows pods=0 in all" in failure.text, failure.text
        assert "quota" in demo.log("hub")


def test_a_full_quota_is_waited_for(browsers, demo):
    ada, grace = browsers("ada"), browsers("grace")
    for person in (ada, grace):
        stop_all(person)
    ada.start("standard", "south")
    ada.in_lab()
    eventually(lambda: not [pod for pod in demo.pods("south") if "deletionTimestamp" in pod["metadata"]], "only ada's pod")
    with quota(demo, len(demo.pods("south"))):
        grace.start("standard", "south")
        grace.see("#queue", 60, text="You are 1st in the queue: South is full (its quota full allows pods=")
        grace.shot("quota-full")
        assert not [pod for pod in demo.pods("south") if "grace" in pod["metadata"]["name"]]
        stop_all(ada)
        grace.in_lab()
    stop_all(grace)


def test_a_cluster_that_is_down(browsers, demo):
    grace = browsers("grace")
    demo.kill("south", signal.SIGKILL)
    try:
        def said():
            grace.go("/hub/home")
            return "cannot be reached" in grace.text()
        eventually(said, lambda: f"home says that South cannot be reached:\n{grace.text()}", 90)
        grace.shot("cluster-down")
        assert any("cluster=south" in line and "the cluster is not seen" in line for line in demo.log("hub").splitlines())
    finally:
        demo.start_again("south")
    eventually(lambda: grace.go("/hub/home") or "cannot be reached" not in grace.text(),
               lambda: f"home sees South again:\n{grace.text()}", 90)


def test_an_issuer_that_is_down(browsers, demo):
    demo.kill("provider", signal.SIGTERM)
    stranger = browsers("grace")
    stranger.log_out()
    try:
        stranger.go("/hub/login")
        if stranger.all(ISSUER):
            stranger.press(ISSUER)
        eventually(lambda: "Demo Institute" in stranger.text() and "not" in stranger.text(),
                   lambda: f"a sentence about the issuer:\n{stranger.text()}")
        stranger.shot("issuer-down")
        assert "demo" in next(line for line in demo.log("hub").splitlines()[::-1] if "issuer" in line)
    finally:
        demo.start_again("provider")


WRONG = {
    "unknown key": ("orrery.yaml", "  allow: [developers, science]", "  alow: [developers, science]",
                    ["orrery.yaml:", "alow", "allow"]),
    "misspelt group": ("policy/filesets.yaml", "developers", "develpers", ["filesets.yaml:", "develpers", "developers"]),
    "two homes": ("policy/filesets.yaml", "  scratch:\n", "  scratch:\n    home: true\n", ["filesets.yaml:", "home", "scratch"]),
    "bad image digest": ("policy/profiles.yaml", "sha256:", "sha256:zz", ["profiles.yaml:", "digest"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_yaml_is_told_by_file_line_and_remedy(case, demo, tmp_path):
    file, right, wrong, expected = WRONG[case]
    shutil.copy(demo.state / "orrery.yaml", tmp_path)
    shutil.copytree(demo.state / "policy", tmp_path / "policy")
    # One hub at a time has a database.
    configuration = tmp_path / "orrery.yaml"
    configuration.write_text(configuration.read_text().replace(f"{demo.state}/hub.sqlite", f"{tmp_path}/hub.sqlite"))
    text = (tmp_path / file).read_text()
    assert right in text
    (tmp_path / file).write_text(text.replace(right, wrong, 1))
    check = run_check(demo, tmp_path)
    assert check.returncode == 1
    told = check.stderr.strip().splitlines()
    assert len(told) == 1, told
    for part in expected:
        assert part in told[0], (part, told[0])
    hub = subprocess.run([demo.root / ".build/debug/orrery", "hub", "--config", tmp_path / "orrery.yaml"],
                         capture_output=True, text=True, timeout=20)
    assert hub.returncode != 0 and expected[1] in hub.stderr


def test_what_is_right_is_said_to_be_right(demo):
    check = run_check(demo, demo.state)
    assert check.returncode == 0, check.stderr


def run_check(demo, directory):
    return subprocess.run([demo.root / ".build/debug/orrery", "check", "--config", directory / "orrery.yaml"],
                          capture_output=True, text=True, timeout=20)


def stop_all(browser):
    browser.go("/hub/home")
    if browser.all(STOP):
        browser.stop()
