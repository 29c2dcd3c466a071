"""A session that nobody uses, one whose kernel works, and one whose person loses a right: unmodified jupyterhub-singleuser."""
import contextlib
import sqlite3
import types

import pytest
import requests

from demo import eventually
from hub import Kernel
from podsite import PodSite

UID = 20001
SHARED = """
  shared: {at: /shared, revoke: stop, grants: [{to: [developers], mode: ro%s}]}
"""


@pytest.fixture
def site(tmp_path):
    site = PodSite(tmp_path)
    home, hand_over = site.home("ada", UID)
    hand_over()
    for name in ("homes", "shared"):
        (tmp_path / "home" / name).mkdir(mode=0o755)
    home.rename(tmp_path / "home/homes/ada")
    policy = tmp_path / "policy"
    profiles = policy / "profiles.yaml"
    profiles.write_text(profiles.read_text().replace("max: 1h,", "max: 1h, idle: 1m, warn: 10s,"))
    binding = policy / "clusters/north.yaml"
    binding.write_text(binding.read_text().replace('"{user}"', '"homes/{user}"')
                       .replace("sources: {", "sources: {shared: {pvc: home, path: shared}, "))
    filesets = policy / "filesets.yaml"
    site.alone = filesets.read_text().rstrip()
    site.filesets = filesets
    filesets.write_text(site.alone + SHARED % "")
    with site.provider(), site.cluster(), site.hub():
        yield site


def session(site, server):
    """State, reason and sentence of ada's last session of this name."""
    with contextlib.closing(sqlite3.connect(site.state / "hub.sqlite", timeout=10)) as database:
        query = "SELECT state, end_reason, message FROM session WHERE server = ? ORDER BY id DESC LIMIT 1"
        return database.execute(query, [server]).fetchone()


def test_rest_is_warned_of_and_ends_work_goes_on_and_a_lost_right_ends_it(site):
    with site.browser() as browser:
        proof = site.enter(browser, "ada")
        site.start(browser, proof, "ada")
        named = browser.post(f"{site.url}/hub/api/users/ada/servers/busy", headers=proof, timeout=60)
        assert named.status_code in (201, 202), named.text
        eventually(lambda: session(site, "busy")[0] == "ready", lambda: site.words("hub"), 60)
        made = browser.post(f"{site.url}/hub/api/users/ada/tokens", headers=proof, json={}, timeout=10)
        assert made.status_code == 201, made.text
        with Kernel(door(site, made.json()["token"]), "/user/ada/busy/") as kernel:
            kernel.ask("import time; time.sleep(600)")

        eventually(lambda: "Nobody has used it for" in browser.get(f"{site.url}/hub/home", timeout=10).text,
                   lambda: site.words("hub"), 90)
        eventually(lambda: session(site, "")[:2] == ("ended", "idle"), lambda: f"{session(site, '')} {site.words('hub')}", 60)
        assert session(site, "busy")[0] == "ready", "a kernel that works is use"

        site.filesets.write_text(site.alone + SHARED % ", until: 2020-01-01T00:00:00Z")
        eventually(lambda: "You may not use shared any more" in browser.get(f"{site.url}/hub/home", timeout=10).text,
                   lambda: site.words("hub"))
        assert session(site, "busy")[0] == "ready", "first a warning"
        eventually(lambda: session(site, "busy")[:2] == ("ended", "revoked"),
                   lambda: f"{session(site, 'busy')} {site.words('hub')}", 60)
        assert not site.object("pods")["items"]


def door(site, token):
    """The site as `Kernel` knows one."""
    def request(method, path, **named):
        return requests.request(method, site.url + path, timeout=60, proxies={"http": None}, **named)

    return types.SimpleNamespace(token=token, request=request, port=site.port, host=f"127.0.0.1:{site.port}")
