"""What a registered cluster and its people see when something fails: a clock that is wrong, an API server that has had
enough, a hub and a proxy that are away, and a cluster that is thrown out in the middle of a download.

One site for all of them, in this order: each leaves it as it was, but for the last."""
import contextlib
import itertools
import pathlib
import re
import signal
import subprocess

import pytest
import requests

from demo import eventually
from hub import Kernel
from proxying import environment
from separate import SeparateSite
from test_issuer_keys import PROGRAM

UIDS = {"ada": 20001, "grace": 20002}
BUSY = {"match": {}, "times": None, "action": {"answer": {
    "status": 429, "headers": {"Retry-After": "4"}, "body": "Too many requests, please try again later.\n"}}}
# Takes seconds, however fast it is read, and is much more than all buffers on its way hold.
DOWNLOAD = 1 << 30
CLOCK = pathlib.Path(__file__).with_name("clock.c")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = SeparateSite(tmp_path_factory.mktemp("failures"))
    for name, uid in UIDS.items():
        path, hand_over = site.home(name, uid)
        with open(path / "large.bin", "wb") as file:
            file.truncate(DOWNLOAD)
        hand_over()
    with contextlib.ExitStack() as stack:
        for part in site.provider, site.cluster, site.double, site.hub:
            stack.enter_context(part())
        site.browsers = {name: stack.enter_context(site.browser()) for name in UIDS}
        site.join = site.join_string("invite", "--owner", "developers", "--name", "north")
        library = site.state / "clock.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, CLOCK], check=True)
        with site.agent(site.join, before=["env", f"LD_PRELOAD={library}", "CLOCK_AHEAD=600"]):
            yield site


@pytest.fixture(scope="module")
def proofs(site):
    """Ada and Grace are logged in, and Ada's session runs."""
    site.is_said("clock is")
    site.clusters("trust", "north", "federation")
    proofs = {name: site.enter(browser, name) for name, browser in site.browsers.items()}
    site.start(site.browsers["ada"], proofs["ada"], "ada")
    return proofs


def ada_works(site):
    with contextlib.suppress(requests.RequestException):
        return site.notebook_answers(site.browsers["ada"], "ada")


def uids(site):
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in site.object("pods")["items"]}


def welcomes(site):
    return site.said("agent").count("welcomed")


def ada_token(site, proofs):
    made = site.browsers["ada"].post(f"{site.url}/hub/api/users/ada/tokens", headers=proofs["ada"], json={}, timeout=10)
    return made.json()["token"]


def doctor(site, *words):
    return subprocess.run([PROGRAM, "doctor", *words, "--config", site.state / "orrery.yaml"], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment())


def test_an_agent_whose_clock_is_ten_minutes_ahead_joins_and_everybody_is_told(site, proofs):
    said = re.search(r"its agent's clock is (\d+) s ahead of the proxy's", site.line())
    assert said and 590 <= int(said[1]) <= 610, site.line()
    eventually(lambda: ada_works(site), "sessions need no clock of the agent's")
    assert "s ahead of the proxy's" in site.said("agent")
    page = site.browsers["grace"].get(f"{site.url}/hub/clusters/north", timeout=10).text
    assert "clock is" in page and "ahead of the proxy" in page
    found = doctor(site, "--cluster", "north")
    assert found.returncode == 1 and "clock is" in found.stdout, found.stdout

    # A hub that starts again knows it too, and one that starts again much later does not take its own absence for it.
    site.end("hub")
    site.begin("hub")
    eventually(site.answers, lambda: site.words("hub"))
    site.is_said("clock is")
    site.end_agent()
    site.start_agent(site.join)
    site.is_said(", ready")
    assert "clock" not in site.line()
    assert doctor(site, "--cluster", "north").returncode == 0


def test_a_storm_of_429_is_waited_out_in_words_and_nothing_is_doubled(site, proofs):
    before = uids(site)
    site.misbehave("DELETE", "/calls")
    fault = site.misbehave("POST", "/faults", json=BUSY)["number"]
    site.misbehave("POST", "/watches", json={"path": "", "end": "close"})
    grace = site.browsers["grace"]
    asked = grace.post(f"{site.url}/hub/api/users/grace/server", headers=proofs["grace"], timeout=60)
    assert asked.status_code in (201, 202), asked.text
    # The hub waits as it is told for ten seconds, and then says why nothing happens.
    eventually(lambda: "too busy right now" in site.home_page(grace), lambda: site.home_page(grace))
    assert ada_works(site), "who works there already notices nothing"
    assert uids(site) == before
    site.misbehave("DELETE", f"/faults/{fault}")

    def ready():
        servers = grace.get(f"{site.url}/hub/api/users/grace", headers=proofs["grace"], timeout=10).json()["servers"]
        return servers.get("", {}).get("ready")

    eventually(ready, lambda: site.words("hub"), 60)
    site.is_said(", ready")
    calls = site.calls()
    refused = [call for call in calls if call.get("status") == 429]
    assert len(refused) >= 2, calls
    for call in refused:
        again = next((each for each in calls if each["at"] > call["at"] and (each["method"], each["path"], each["query"]) == (
            call["method"], call["path"], call["query"]) and each["method"] == "POST"), None)
        assert not again or again["at"] - call["at"] >= 4, (call, again)
    # All of them together: the hub's own pace and the agent's, each of which heeds what either is told.
    made = [call["path"] for call in calls if call["method"] == "POST" and call.get("status") == 201]
    assert made.count("/api/v1/namespaces/hub/pods") == 1 and len(made) == len(set(made)) , made
    after = uids(site)
    assert len(after) == 2 and before.items() <= after.items()
    site.browsers["grace"].delete(f"{site.url}/hub/api/users/grace/server", headers=proofs["grace"], timeout=60)
    eventually(lambda: uids(site) == before, lambda: site.words("hub"))


def test_without_its_hub_a_proxy_goes_on_and_the_hub_finds_everything_again(site, proofs):
    pods, seen = uids(site), welcomes(site)
    door = site.door(ada_token(site, proofs))
    with Kernel(door, "/user/ada/") as channel:
        assert channel.run("print(1 + 1)") == "2\n"
        site.end("hub", signal.SIGKILL)
        assert ada_works(site) and channel.run("print(2 + 2)") == "4\n"
        # A connection that is made now, and one that is open: through the same agent, which has not dialled anew.
        with Kernel(door, "/user/ada/") as second:
            assert second.run("print(3 + 3)") == "6\n"
        assert welcomes(site) == seen and uids(site) == pods
        assert channel.run("print(4 + 4)") == "8\n"
    # The proxy too, which has routes and keys on its disk.
    site.end("proxy", signal.SIGKILL)
    site.begin("proxy")
    eventually(lambda: ada_works(site), lambda: site.words("proxy") + site.words("agent"))
    assert uids(site) == pods
    site.begin("hub")
    eventually(site.answers, lambda: site.words("hub"))
    site.is_said(", ready")
    servers = site.browsers["ada"].get(f"{site.url}/hub/api/users/ada", headers=proofs["ada"], timeout=10).json()["servers"]
    assert servers[""]["ready"]
    eventually(lambda: ada_works(site), lambda: site.words("hub"))
    assert uids(site) == pods


def test_a_cluster_that_is_thrown_out_ends_a_download_at_once(site, proofs):
    pods, grace = uids(site), site.browsers["grace"]
    with site.browsers["ada"].get(f"{site.url}/user/ada/files/large.bin", stream=True, timeout=30) as download:
        assert download.status_code == 200 and int(download.headers["Content-Length"]) == DOWNLOAD
        pieces = download.iter_content(64 << 10)
        for _ in itertools.islice(pieces, 16):
            pass
        # Whoever reads nothing for a while holds the rest back, in the pod and in all that lies between.
        order = grace.post(f"{site.url}/hub/clusters/north", timeout=10, allow_redirects=False, data={
            "_xsrf": proofs["grace"]["X-XSRFToken"], "order": "revoke", "reason": "the test throws it out"})
        assert order.status_code in (302, 303), order.text
        eventually(lambda: "revoked" in site.said("agent"), lambda: site.words("agent"), 20)
        with pytest.raises(requests.RequestException):
            for _ in pieces:
                pass
    eventually(lambda: "the test throws it out" in site.home_page(site.browsers["ada"]), lambda: site.words("hub"))
    assert site.browsers["ada"].get(f"{site.url}/user/ada/api/status", timeout=10).status_code in (424, 503)
    servers = site.browsers["ada"].get(f"{site.url}/hub/api/users/ada", headers=proofs["ada"], timeout=10).json()["servers"]
    assert not servers.get("", {}).get("ready"), servers
    assert uids(site) == pods, "nothing of the site's is touched"
