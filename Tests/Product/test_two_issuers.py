"""Two issuers side by side: glewlwyd for real, and a service that answers as GitHub's documentation says GitHub does."""
import base64
import contextlib
import hashlib
import http.server
import json
import re
import secrets
import threading
import urllib.parse

import pytest

from answering import Answering
from test_issuer_keys import Site

GITHUB = """
    hubbers:
      type: github
      issuer: {issuer}
      login: {{client: Iv1, secret: the-secret, scopes: [read:org]}}
  users: {{uid: 200000-299999}}
"""


class GitHub(Answering):
    """Whoever is `account` logs in without being asked. Codes are good once, and only with secret and verifier."""

    account, challenges = {}, {}

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/login/oauth/authorize":
            assert query["code_challenge_method"] == "S256" and "read:org" in query["scope"]
            code = secrets.token_hex(8)
            self.challenges[code] = query["code_challenge"]
            back = urllib.parse.urlencode({"code": code, "state": query["state"]})
            self.redirect(f"{query['redirect_uri']}?{back}")
        elif self.headers["Authorization"] != "Bearer gho_token":
            self.answer_json({"message": "Bad credentials"}, 401)
        elif url.path == "/api/v3/user":
            self.answer_json(self.account)
        elif url.path == "/api/v3/user/teams":
            self.answer_json([{"id": 5, "slug": "science", "organization": {"login": "lab"}}])

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        good = form["client_secret"] == "the-secret" and self.challenges.pop(form["code"], None) == challenge
        self.answer_json({"access_token": "gho_token", "token_type": "bearer", "scope": "read:org"} if good else
                         {"error": "bad_verification_code"})


@pytest.fixture
def site(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = Site(tmp_path)
    path = tmp_path / "orrery.yaml"
    more = GITHUB.format(issuer=f"http://127.0.0.1:{server.server_port}")
    issuers, users = more.split("  users:")
    text = path.read_text().replace("  groups:\n", f"{issuers.lstrip(chr(10))}  groups:\n", 1)
    text = text.replace('["demo:/orrery/science"]', '["demo:/orrery/science", "hubbers:lab/science"]')
    text = text.replace("allow: [science]", "allow: [science, developers]", 1)
    text = text.replace("clusters:\n", f"  users:{users.rstrip()}\n  admin: [developers]\nclusters:\n", 1)
    path.write_text(text)
    with site.provider(), site.hub():
        yield site
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def logged_in(site, issuer, name):
    """A browser in which `name` is logged in, and where it arrived."""
    with site.browser() as browser:
        yield browser, enter(site, browser, issuer, name)


def enter(site, browser, issuer, name):
    if issuer == "hubbers":
        return browser.get(f"{site.url}/hub/login/hubbers", timeout=10)
    password = json.loads((site.state / "provider/people.json").read_text())[name]
    browser.post(f"{site.issuer}/api/auth/", json={"username": name, "password": password}, timeout=10)
    departure = browser.get(f"{site.url}/hub/login/demo", allow_redirects=False, timeout=10)
    answer = browser.get(departure.headers["Location"] + "&g_continue", allow_redirects=False, timeout=10)
    return browser.get(answer.headers["Location"], timeout=10)


def proof(page):
    return re.search(r'name="_xsrf" value="([^"]+)"', page.text)[1]


def test_one_name_from_two_issuers_is_two_people_until_they_are_linked(site):
    GitHub.account = {"id": 77, "login": "grace", "type": "User"}
    with logged_in(site, "demo", "grace") as (_, first), logged_in(site, "hubbers", "grace") as (_, second):
        for page, name in (first, "grace"), (second, "grace-2"):
            assert f"<bdi>{name}</bdi>" in page.text and f"/home/{name}<" in page.text, page.text
        uids = {re.search(r"<span>uid (\d+)</span>", page.text)[1] for page in (first, second)}
        assert len(uids) == 2

    # Somebody else of the other issuer, who proves both: one person.
    GitHub.account = {"id": 78, "login": "renamed", "type": "User"}
    with logged_in(site, "demo", "grace") as (browser, home):
        onward = browser.post(f"{site.url}/hub/account/link/hubbers", {"_xsrf": proof(home)}, timeout=10)
        assert onward.url.startswith(site.url), "a browser follows no redirect to another site after a form"
        arrival = browser.get(onward.headers["Refresh"].removeprefix("0; url="), timeout=10)
        assert urllib.parse.urlsplit(arrival.url).path == "/hub/account" and "<code>78</code>" in arrival.text
    with logged_in(site, "hubbers", "renamed") as (_, page):
        assert "<bdi>grace</bdi>" in page.text


def test_who_is_suspended_is_out_at_once(site):
    GitHub.account = {"id": 79, "login": "emmy", "type": "User"}
    with logged_in(site, "hubbers", "emmy") as (browser, home), logged_in(site, "demo", "ada") as (chief, desk):
        assert "<bdi>emmy</bdi>" in home.text
        order = chief.post(f"{site.url}/hub/api/users/emmy/suspension", headers={"X-XSRFToken": proof(desk)}, timeout=10)
        assert order.status_code == 204, order.text
        assert urllib.parse.urlsplit(browser.get(f"{site.url}/hub/home", timeout=10).url).path == "/hub/login"
        again = enter(site, browser, "hubbers", "emmy")
        assert again.status_code == 403 and "suspended" in again.text
