"""Somebody who is suspended while the own notebook runs: browser, programs and the pod, with glewlwyd and a pocket cluster."""
import contextlib

import pytest
import requests

from demo import eventually
from podsite import PodSite

UID = 20001


@pytest.fixture
def site(tmp_path):
    site = PodSite(tmp_path)
    path = tmp_path / "orrery.yaml"
    text = path.read_text().replace("  allow: [developers]", "  allow: [developers, science]\n  admin: [science]", 1)
    path.write_text(text.replace(
        "  groups: {developers:", '  groups: {science: {from: ["demo:/orrery/science"]}, developers:', 1))
    site.home("ada", UID)[1]()
    with contextlib.ExitStack() as stack:
        for part in site.provider, site.cluster, site.hub:
            stack.enter_context(part())
        yield site


def status(site, token):
    return requests.get(f"{site.url}/hub/api/user", headers={"Authorization": f"token {token}"}, timeout=10,
                        proxies={"http": None}).status_code


def opens(browser, url):
    return browser.get(url, allow_redirects=False, timeout=10).status_code == 200


def test_who_is_suspended_loses_browser_programs_and_pod_at_once(site):
    with site.browser() as ada, site.browser() as chief:
        proof = site.enter(ada, "ada")
        site.start(ada, proof, "ada")
        made = ada.post(f"{site.url}/hub/api/users/ada/tokens", headers=proof, json={"note": "a script"}, timeout=10)
        token = made.json()["token"]
        notebook = f"{site.url}/user/ada/api"
        # A proxy that is slow hears of a route, and of its end, a moment after the hub has answered.
        eventually(lambda: ada.get(notebook, timeout=20).status_code == 200, lambda: site.words("hub"))
        assert opens(ada, f"{site.url}/hub/home")
        assert status(site, token) == 200 and len(site.object("pods")["items"]) == 1

        order = chief.post(f"{site.url}/hub/api/users/ada/suspension", headers=site.enter(chief, "grace"), timeout=30)
        assert order.status_code == 204, order.text
        assert not opens(ada, f"{site.url}/hub/home")
        eventually(lambda: not opens(ada, notebook), lambda: site.words("hub"))
        assert status(site, token) == 403
        # What the pod needs to end in peace is the profile's grace of one second.
        eventually(lambda: not site.object("pods")["items"], lambda: site.words("hub"))
        # What it was given beside it goes after it.
        eventually(lambda: not site.object("secrets")["items"], lambda: site.words("hub"))
        again = ada.get(f"{site.url}/hub/login/demo", allow_redirects=False, timeout=10)
        back = ada.get(again.headers["Location"] + "&g_continue", allow_redirects=False, timeout=10)
        refused = ada.get(back.headers["Location"], timeout=10)
        assert refused.status_code == 403 and "suspended" in refused.text
