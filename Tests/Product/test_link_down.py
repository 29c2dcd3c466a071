"""The way between a cluster and its hub carries nothing for a while, and nobody closes it: for 20 s, and for a minute.

What is ours has a clock that runs five times as fast, so that a minute takes twelve seconds; all times here are of that clock.
The way is a relay that is stopped, so that what is sent waits, as it does on a line that comes back."""
import contextlib
import pathlib
import re
import signal
import subprocess
import time

import pytest
import requests

from demo import eventually
from hub import Kernel
from proxying import free_port
from separate import SeparateSite

HERE = pathlib.Path(__file__).parent
RATE = 5
UID = 20001


def clock():
    return time.monotonic() * RATE


class DistantSite(SeparateSite):
    """Its agent reaches the proxy by a relay."""

    @contextlib.contextmanager
    def way(self):
        program, self.place = self.state / "relay", free_port()
        subprocess.run(["gcc", "-O2", "-o", program, HERE.parent / "Benchmarks/proxy/delay.c"], check=True)
        self.relay = subprocess.Popen([program, str(self.place), str(self.port), "1"])
        try:
            yield
        finally:
            self.relay.kill()
            self.relay.wait()

    @contextlib.contextmanager
    def cut(self):
        """While nothing is carried; gives the time since when."""
        self.relay.send_signal(signal.SIGSTOP)
        try:
            yield clock()
        finally:
            self.relay.send_signal(signal.SIGCONT)

    def health(self):
        """What the hub has said of north since it began, in order."""
        return re.findall(r"cluster=north health=(.*) \[OrreryHub\] a cluster's health", (self.state / "hub.out").read_text())

    def welcomes(self):
        return (self.state / "agent.out").read_text().count("welcomed")

    def uids(self):
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.object("pods")["items"]}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = DistantSite(tmp_path_factory.mktemp("link"), away="40s")
    site.home("ada", UID)[1]()
    library = site.state / "clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock.c"], check=True)
    turned = {"LD_PRELOAD": str(library), "CLOCK_RATE": str(RATE), "CLOCK_BASE": str(time.monotonic_ns())}
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        for part in site.provider, site.way, site.cluster:
            stack.enter_context(part())
        # The node's clock is the machine's, by which it knows its processes. What stands before the API says the time anew.
        for name, value in turned.items():
            patch.setenv(name, value)
        for part in site.double, site.hub:
            stack.enter_context(part())
        site.browser_of_ada = ada = stack.enter_context(site.browser())
        join = site.join_string("invite", "--owner", "developers", "--name", "north")
        with site.agent(join.replace(f":{site.port}/", f":{site.place}/")):
            site.is_said(", ready")
            site.proof_of_ada = site.enter(ada, "ada")
            site.start(ada, site.proof_of_ada, "ada")
            yield site


@pytest.fixture(scope="module")
def door(site):
    made = site.browser_of_ada.post(f"{site.url}/hub/api/users/ada/tokens", headers=site.proof_of_ada, json={}, timeout=10)
    return site.door(made.json()["token"])


def ada_works(site):
    with contextlib.suppress(requests.RequestException):
        return site.notebook_answers(site.browser_of_ada, "ada")


def test_twenty_seconds_end_nothing(site, door):
    pods, welcomes, said = site.uids(), site.welcomes(), len(site.health())
    with Kernel(door, "/user/ada/") as kernel:
        assert kernel.run("print(1 + 1)") == "2\n"
        with site.cut() as since:
            while clock() < since + 20:
                assert not any("unreachable" in words for words in site.health()[said:])
                assert "cannot be reached" not in site.home_page(site.browser_of_ada)
        assert kernel.run("print(2 + 2)") == "4\n", "over the same connection"
    eventually(lambda: ada_works(site), lambda: site.words("agent"), 10)
    site.is_said(", ready")
    assert site.welcomes() == welcomes, "the agent has not even dialled anew"
    assert site.uids() == pods


def test_after_a_minute_all_is_found_again(site, door):
    pods, welcomes, said = site.uids(), site.welcomes(), len(site.health())
    when = {}
    with Kernel(door, "/user/ada/") as kernel:
        assert kernel.run("print(1 + 1)") == "2\n"
        with site.cut() as since:
            while clock() < since + 60:
                for words in site.health()[said:]:
                    when.setdefault(words.split()[0].strip(";"), clock() - since)
                page = site.home_page(site.browser_of_ada)
        assert "cannot be reached since" in page, page
        assert site.uids() == pods
        back = clock()
        assert kernel.run("print(2 + 2)") == "4\n", "what was on its way arrives, over the same connection"
    # Unwell at once, given up 40 s later and not before.
    assert when["degraded"] < 15 and 40 <= when["unreachable"] < 55, (when, site.health())
    eventually(lambda: ada_works(site), lambda: site.words("agent"), 10)
    eventually(lambda: site.health()[-1] == "ready", lambda: site.words("hub"), 12)
    assert clock() - back < 60
    eventually(lambda: "cannot be reached" not in site.home_page(site.browser_of_ada), lambda: site.words("hub"), 10)
    assert site.welcomes() > welcomes and site.uids() == pods
