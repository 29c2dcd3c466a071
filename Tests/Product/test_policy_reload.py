"""A hub that runs while its policy's documents change: good ones come into force, bad ones leave the last good ones."""
import signal
import subprocess
import time

import pytest

from policysite import PROGRAM, PolicySite


class Running:
    def __init__(self, site):
        self.log = site.state / "hub.log"
        self.hub = subprocess.Popen([PROGRAM, "hub", "--config", site.state / "orrery.yaml"],
                                    stdout=subprocess.DEVNULL, stderr=self.log.open("w"))

    def says(self, words, times=1):
        deadline = time.monotonic() + 60
        while self.log.read_text().count(words) < times:
            assert self.hub.poll() is None and time.monotonic() < deadline, (words, self.log.read_text())
            time.sleep(0.05)
        return self.log.read_text()


@pytest.fixture
def site(tmp_path):
    return PolicySite(tmp_path)


@pytest.fixture
def hub(site):
    running = Running(site)
    running.says("Server started")
    yield running
    running.hub.send_signal(signal.SIGTERM)
    assert running.hub.wait(30) == 0


def test_changed_documents_are_read_by_themselves(site, hub):
    site.change("policy/profiles.yaml", "life: {max: 1h", "life: {max: 2h")
    hub.says("a newer policy is in force")
    site.change("policy/profiles.yaml", "life: {max: 2h", "lief: {max: 2h")
    log = hub.says("a newer policy is wrong, the one before stays in force")
    assert "did you mean `life`?" in log and "profiles.yaml:" in log
    # A test of the policy that fails is as wrong as a slip.
    site.change("policy/profiles.yaml", "lief: {max: 2h", "life: {max: 2h")
    hub.says("the policy was read again and is the same")
    with (site.state / "policy/filesets.yaml").open("a") as filesets:
        filesets.write("tests: [{who: {groups: [science]}, on: north, sees: {/scratch/ann: rw}}]\n")
    hub.says("should see /scratch/ann rw")


def test_a_hangup_has_them_read_at_once(site, hub):
    words = "the policy was read again and is the same"
    deadline = time.monotonic() + 60
    # Until the hub listens for it, the signal does nothing; it never ends the hub.
    while words not in hub.log.read_text():
        hub.hub.send_signal(signal.SIGHUP)
        assert hub.hub.poll() is None and time.monotonic() < deadline, hub.log.read_text()
        time.sleep(0.1)
    before = hub.log.read_text().count(words)
    hub.hub.send_signal(signal.SIGHUP)
    hub.says(words, times=before + 1)
