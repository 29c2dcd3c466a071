"""Somebody at a browser who chooses, waits for a place, and gets on by themselves when somebody else ends."""
import contextlib

import pytest

from browser import Browser
from demo import eventually
from podsite import PodSite

UID = 20001


@pytest.fixture
def site(tmp_path):
    site = PodSite(tmp_path)
    path = tmp_path / "orrery.yaml"
    text = path.read_text().replace("  allow: [developers]", "  allow: [developers, science]", 1)
    text = text.replace("  groups: {developers:", '  groups: {science: {from: ["demo:/orrery/science"]}, developers:', 1)
    path.write_text(text.replace("namespace: hub}", "namespace: hub, capacity: {sessions: 1}}", 1))
    profiles = tmp_path / "policy/profiles.yaml"
    text = profiles.read_text().replace("allow: [developers]", "allow: [developers, science]")
    text = text.replace("environments: {lab: {title: Lab,", "environments: {old: {title: Last week, image: registry.test/lab/lab, "
                        'digest: "sha256:' + "2" * 64 + '"}, lab: {title: This week,', 1)
    text = text.replace("environments: [lab]", "environments: [old, lab]")
    text = text.replace("sizes: {small: {", "sizes: {large: {cpu: {request: 200m, limit: 1}, memory: 300Mi}, small: {", 1)
    text = text.replace("sizes: {small: [everyone]}", "sizes: {small: [everyone], large: [everyone]}")
    profiles.write_text(text.rstrip() + '\n    options: {cuda: {title: CUDA, choices: {"12": {env: {CUDA: "12"}}, "13": {env: {CUDA: "13"}}}}}\n')
    for number, name in enumerate(("ada", "grace")):
        site.home(name, UID + number)[1]()
    with contextlib.ExitStack() as stack:
        for part in site.provider, site.cluster, site.hub:
            stack.enter_context(part())
        yield site


@pytest.fixture
def ada(site, results):
    """Ada's browser, with the login that a program has made for it."""
    browser = Browser(site.url, results / "screenshots", "ada-queue")
    with contextlib.closing(browser), site.browser() as session:
        site.enter(session, "ada")
        browser.go("/hub/login")
        for cookie in session.cookies:
            if cookie.path.startswith("/"):
                browser.driver.add_cookie({"name": cookie.name, "value": cookie.value, "path": cookie.path})
        yield browser


def choose(browser, name, value):
    browser.press(f"label:has(input[name='{name}'][value='{value}'])")


def test_who_finds_no_place_sees_theirs_in_the_queue_and_gets_on_by_themselves(site, ada):
    with site.browser() as grace:
        proof = site.enter(grace, "grace")
        body = {"profile": "standard", "environment": "lab", "size": "small"}
        answer = grace.post(f"{site.url}/hub/api/users/grace/server", headers=proof, json=body, timeout=30)
        assert answer.status_code in (201, 202), answer.text
        eventually(lambda: len(site.object("pods")["items"]) == 1, lambda: site.words("hub"))

        ada.go("/hub/home")
        for name, value in {"environment": "lab", "size": "large", "option.cuda": "13"}.items():
            choose(ada, name, value)
        assert "you would wait in the queue" in ada.text(), ada.text()
        ada.shot("choices")
        ada.press(".profile .actions button")
        ada.see("#queue", text="You are 1st in the queue: north is full (no free session, 1 of 1 in use).")
        assert "This week · large · in the queue" in ada.text(), ada.text()
        ada.shot("queue")

        assert grace.delete(f"{site.url}/hub/api/users/grace/server", headers=proof, timeout=60).status_code in (202, 204)
        # Nobody touches the browser.
        eventually(lambda: ada.is_at("/user/ada/"), lambda: f"{ada.text()}\n{site.words('hub')}", 60)
        ada.shot("arrived")
        [pod] = [each for each in site.object("pods")["items"] if "-ada-" in each["metadata"]["name"]]
        [container] = pod["spec"]["containers"]
        assert container["resources"]["requests"]["memory"] == "300Mi"
        assert {"name": "CUDA", "value": "13"} in container["env"] and "sha256:2222" not in container["image"]
