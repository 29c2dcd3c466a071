#!/usr/bin/env python3
"""From the click to a live route, beside the same pod made by hand and asked until it answers: real jupyterhub-singleuser.

    .build/test-tools/bin/python Tests/Benchmarks/click.py [--rounds 5] [--bars]

Both ways in turns, in one pocket, or on the cluster of ORRERY_TEST_KUBECONFIG (see Tests/Kubernetes/up). The click is a call of the REST API, and its end is the first answer of the notebook server
through the proxy. By hand it is the same pod, with copies of its Secrets and its ConfigMap, and the server is asked at the
pod's own address. Whoever waits asks every 10 ms.
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("ORRERY", str(ROOT / ".build/release/orrery"))
sys.path.insert(0, str(ROOT / "Tests/Product"))
from demo import DIRECT, eventually  # noqa: E402
from foreignsite import direct  # noqa: E402
from podsite import PodSite  # noqa: E402

KINDS = ("configmaps", "secrets", "pods")


class Hand:
    """Makes copies of what the hub made, as an administrator with kubectl would."""

    def __init__(self, site):
        self.site = site
        self.pod = next(pod for pod in site.object("pods")["items"])
        name = self.pod["metadata"]["name"]
        # The names of the others begin with that of the pod.
        self.parts = {kind: [item for item in site.object(kind)["items"] if item["metadata"]["name"].startswith(name)]
                      for kind in KINDS}
        self.path = next(entry["value"] for entry in self.pod["spec"]["containers"][0]["env"]
                         if entry["name"] == "JUPYTERHUB_SERVICE_PREFIX") + "api"
        self.port = self.pod["spec"]["containers"][0]["ports"][0]["containerPort"]

    def round(self, number):
        old, new = self.pod["metadata"]["name"], f"nb-hand-{number}"
        copies = {}
        for kind, items in self.parts.items():
            for item in items:
                copy = json.loads(json.dumps(item).replace(old, new))
                copy["metadata"] = {"name": copy["metadata"]["name"]}
                copy.pop("status", None)
                copy.get("spec", {}).pop("nodeName", None)
                copies.setdefault(kind, []).append(copy)
        start = time.monotonic()
        for kind in KINDS:
            for copy in copies.get(kind, []):
                self.site.call("POST", kind, copy)
        address = until(lambda: self.site.call("GET", f"pods/{new}").get("status", {}).get("podIP"))
        until(lambda: answers(f"http://{address}:{self.port}{self.path}"))
        taken = time.monotonic() - start
        for kind in reversed(KINDS):
            for copy in copies.get(kind, []):
                self.site.call("DELETE", f"{kind}/{copy['metadata']['name']}")
        eventually(lambda: not any(pod["metadata"]["name"] == new for pod in self.site.object("pods")["items"]), "gone")
        return taken


def answers(url, headers={}):
    try:
        with DIRECT.open(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(probe, limit=60):
    deadline = time.monotonic() + limit
    while not (value := probe()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bars", action="store_true", help="fail when the bar is missed")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        os.chmod(directory, 0o755)
        if os.environ.get("ORRERY_TEST_KUBECONFIG"):
            site = stack.enter_context(direct(pathlib.Path(directory)))
        else:
            site = PodSite(pathlib.Path(directory))
            site.home("ada", 20001)[1]()
        for part in (site.provider(), site.cluster(), site.hub()):
            stack.enter_context(part)
        browser = stack.enter_context(site.browser())
        clicks, hands = measure(site, browser, wanted.rounds)
    click, hand = statistics.median(clicks), statistics.median(hands)
    print(json.dumps({
        "click_s": round(click, 3), "by_hand_s": round(hand, 3), "difference_s": round(click - hand, 3),
        "ratio": round(click / hand, 3), "clicks": [round(each, 2) for each in clicks],
        "hands": [round(each, 2) for each in hands]}, indent=2))
    if wanted.bars and click - hand > 0.3:
        sys.exit("missed: 0.3 s")


def measure(site, browser, rounds):
    proof = site.enter(browser, "ada")
    token = browser.post(f"{site.url}/hub/api/users/ada/tokens", headers=proof, json={}, timeout=10).json()["token"]
    said = {"Authorization": f"token {token}"}
    site.start(browser, proof, "ada")
    hand = Hand(site)
    site.stop(browser, proof, "ada")
    clicks, hands = [], []
    for number in range(rounds):
        hands.append(hand.round(number))
        clicks.append(click(site, browser, proof, said))
        site.stop(browser, proof, "ada")
    return clicks, hands


def click(site, browser, proof, said):
    """The call answers when the session is ready; what a person's browser sees is the route, so that is asked beside it."""
    start = time.monotonic()
    call = threading.Thread(target=browser.post, args=(f"{site.url}/hub/api/users/ada/server",),
                            kwargs={"headers": proof, "timeout": 60})
    call.start()
    until(lambda: answers(f"{site.url}/user/ada/api", said))
    taken = time.monotonic() - start
    call.join()
    return taken


if __name__ == "__main__":
    main()
