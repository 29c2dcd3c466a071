"""The way between a cluster and its hub carries nothing for a while, and nobody closes it: for 20 s, and for a minute.

What is ours has a clock that runs twice as fast, so that a minute takes half of one; all times here are of that clock.
No faster: between the 20 s that are borne and the 30 s that are not, a machine may stand still for a few seconds of its own.
The way is a relay that is stopped, so that what is sent waits, as it does on a line that comes back."""
import contextlib
import datetime
import pathlib
import re
import signal
import subprocess
import threading
import time

import pytest
import requests

from demo import eventually
from hub import Kernel
from proxying import free_port
from separate import SeparateSite

HERE = pathlib.Path(__file__).parent
RATE = 2
UID = 20001


class DistantSite(SeparateSite):
    """Its agent reaches the proxy by a relay, and the proxy says how long the way is."""

    def __init__(self, state, **named):
        super().__init__(state, **named)
        self.metrics = free_port()
        self.commands["proxy"] += ["--metrics-ip", "127.0.0.1", "--metrics-port", str(self.metrics)]

    def turned(self, library):
        """The environment of programs whose clock runs faster from now on."""
        self.base = (time.time(), time.monotonic_ns())
        return {"LD_PRELOAD": str(library), "CLOCK_RATE": str(RATE), "CLOCK_BASE": str(self.base[1])}

    def clock(self):
        """What the hub's clock says, in seconds since 1970."""
        return self.base[0] + (time.monotonic_ns() - self.base[1]) / 1e9 * RATE

    def round_trip(self):
        text = requests.get(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10, proxies={"http": None}).text
        return re.search(r'tunnel_round_trip_seconds\{cluster="north"\} (\S+)', text)[1]

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
    def cut(self, seconds):
        """For so long nothing is carried, however long a look within takes; gives the time since when, at the earliest.

        It begins right after the answer to a ping, of which there is one in 10 s: after 30 s without one both sides give up."""
        looks = [(self.clock(), self.round_trip())]

        def is_answered():
            looks.append((self.clock(), self.round_trip()))
            return looks[-1][1] != looks[0][1]

        eventually(is_answered, lambda: f"no answer to a ping: {self.words('proxy')}")
        self.relay.send_signal(signal.SIGSTOP)
        end = threading.Timer(seconds / RATE, self.relay.send_signal, [signal.SIGCONT])
        end.start()
        try:
            # The look before did not see the answer yet.
            yield looks[-2][0]
        finally:
            end.join()

    def health(self):
        """What the hub has said of north since it began, in order, each with when, by its clock and in whole seconds."""
        said = r"^(\S+) .*cluster=north health=(.*) \[OrreryHub\] a cluster's health"
        found = re.findall(said, self.said("hub"), re.MULTILINE)
        return [(datetime.datetime.strptime(when, "%Y-%m-%dT%H:%M:%S%z").timestamp(), words) for when, words in found]

    def welcomes(self):
        return self.said("agent").count("welcomed")

    def uids(self):
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.object("pods")["items"]}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = DistantSite(tmp_path_factory.mktemp("link"), away="40s")
    site.home("ada", UID)[1]()
    library = site.state / "clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock.c"], check=True)
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        for part in site.provider, site.way, site.cluster:
            stack.enter_context(part())
        # The node's clock is the machine's, by which it knows its processes. What stands before the API says the time anew.
        for name, value in site.turned(library).items():
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
        with site.cut(20) as since:
            while site.clock() < since + 20:
                assert not any("unreachable" in words for _, words in site.health()[said:])
                assert "cannot be reached" not in site.home_page(site.browser_of_ada)
        assert kernel.run("print(2 + 2)") == "4\n", "over the same connection"
    eventually(lambda: ada_works(site), lambda: site.words("agent"))
    site.is_said(", ready")
    assert site.welcomes() == welcomes, "the agent has not even dialled anew"
    assert site.uids() == pods


def test_after_a_minute_all_is_found_again(site, door):
    pods, welcomes, said = site.uids(), site.welcomes(), len(site.health())
    pages = []
    with Kernel(door, "/user/ada/") as kernel:
        assert kernel.run("print(1 + 1)") == "2\n"
        with site.cut(60) as since:
            while site.clock() < since + 59:
                pages.append(site.home_page(site.browser_of_ada))
        back = site.clock()
        assert site.uids() == pods
        assert kernel.run("print(2 + 2)") == "4\n", "what was on its way arrives, over the same connection"
    # The proxy notices silence after 30 s and tells the hub, which gives a cluster up 40 s after its agent's last word, and
    # then its users read so. That word may have been said a moment before the cut.
    when = {words.split(";")[0]: at - int(since) for at, words in reversed(site.health()[said:])}
    assert 35 <= when.get("unreachable", 60) < 60 and "degraded" in when, (when, site.health())
    assert any("cannot be reached since" in page for page in pages), pages[-1]
    eventually(lambda: ada_works(site), lambda: site.words("agent"))
    eventually(lambda: site.health()[-1][1] == "ready", lambda: site.words("hub"))
    assert site.health()[-1][0] - back < 60
    eventually(lambda: "cannot be reached" not in site.home_page(site.browser_of_ada), lambda: site.words("hub"))
    assert site.welcomes() > welcomes and site.uids() == pods
