"""glewlwyd and canaille side by side, for real: logins, what a browser may not change on the way, and equal names."""
import contextlib
import datetime
import json
import pathlib
import re
import sqlite3
import sys
import time
import urllib.parse

import pytest

from demo import eventually
from proxying import free_port
from test_issuer_keys import Site

SECOND = """
    second:
      issuer: {issuer}
      groups: {{claim: groups}}
      login: {{client: hub, secret: "file:{state}/second/client.secret", scopes: [openid, profile, groups]}}
"""


class TwoIssuers(Site):
    """The site of the other tests, and canaille beside glewlwyd."""

    def __init__(self, state, algorithm):
        super().__init__(state)
        self.algorithm, self.second_port = algorithm, free_port()
        self.second = f"http://127.0.0.1:{self.second_port}"
        path = state / "orrery.yaml"
        text = path.read_text().replace(
            "  groups:\n", SECOND.format(issuer=self.second, state=state).lstrip("\n") + "  groups:\n", 1)
        text = text.replace('["demo:/orrery/science"]', '["demo:/orrery/science", "second:science"]')
        path.write_text(text.replace("clusters:\n", "  users: {uid: 200000-299999}\nclusters:\n", 1))

    @contextlib.contextmanager
    def canaille(self):
        command = [sys.executable, pathlib.Path(__file__).with_name("second_provider.py"), self.state / "second",
                   str(self.second_port), f"{self.url}/hub/callback/second", self.algorithm]
        with self.running(command, "second"):
            eventually(self.second_answers, lambda: self.words("second"))
            yield

    def second_answers(self):
        with self.browser() as browser:
            return browser.get(f"{self.second}/.well-known/openid-configuration", timeout=2).status_code == 200

    def people(self, folder):
        return json.loads((self.state / folder / "people.json").read_text())

    def depart(self, browser, issuer):
        """The address at the issuer to which the hub sends the browser."""
        return browser.get(f"{self.url}/hub/login/{issuer}", allow_redirects=False, timeout=10).headers["Location"]

    def vouch(self, browser, issuer, name, address):
        """What the person does at the issuer; the address to which the issuer sends the browser back."""
        return self.vouch_demo(browser, name, address) if issuer == "demo" else self.vouch_second(browser, name, address)

    def vouch_demo(self, browser, name, address):
        words = {"username": name, "password": self.people("provider")[name]}
        browser.post(f"{self.issuer}/api/auth/", json=words, timeout=10)
        return browser.get(address + "&g_continue", allow_redirects=False, timeout=10).headers["Location"]

    def vouch_second(self, browser, name, address):
        """Canaille asks for the name and the password on two pages."""
        fields, answer = {"login": name, "password": self.people("second")[name]}, None
        method, data = "GET", None
        for _ in range(12):
            answer = browser.request(method, address, data=data, allow_redirects=False, timeout=10)
            if answer.is_redirect:
                method, data, address = "GET", None, urllib.parse.urljoin(address, answer.headers["Location"])
                if address.startswith(self.url):
                    eventually(self.second_has_a_new_token, "the clock stands still")
                    return address
                continue
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
            field = next((each for each in fields if f'name="{each}"' in answer.text), None)
            assert token and field, answer.text[-3000:]
            method, data = "POST", {"csrf_token": token[1], field: fields[field]}
        raise AssertionError(f"canaille does not send the browser back:\n{answer.text[-2000:]}")

    def second_has_a_new_token(self):
        """Canaille's access token says no more than the person, the hub and whole seconds. RSA signs equal words equally,
        and for the second token of one second canaille answers 500, as its table wants each of them once."""
        with contextlib.closing(sqlite3.connect(self.state / "second" / "canaille.db")) as database:
            last = database.execute("SELECT max(issue_date) FROM token").fetchone()[0]
        utc = datetime.timezone.utc
        return not last or datetime.datetime.fromisoformat(last).replace(tzinfo=utc).timestamp() // 1 < time.time() // 1


def changed(address, **fields):
    """The address with other values in its query; None takes a field away."""
    url = urllib.parse.urlsplit(address)
    query = dict(urllib.parse.parse_qsl(url.query)) | fields
    return url._replace(query=urllib.parse.urlencode({key: each for key, each in query.items() if each})).geturl()


def query(address):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


@pytest.fixture(scope="module", params=["ES256", "RS512"])
def site(request, tmp_path_factory):
    site = TwoIssuers(tmp_path_factory.mktemp("canaille"), request.param)
    with site.canaille(), site.provider(), site.hub():
        yield site


def test_equal_names_are_two_people_with_two_uids_and_two_homes(site):
    found = []
    for issuer in "demo", "second":
        with site.browser() as browser:
            back = site.vouch(browser, issuer, "grace", site.depart(browser, issuer))
            # RFC 9207: canaille says who it is, glewlwyd does not.
            assert query(back).get("iss") == (site.second if issuer == "second" else None)
            page = browser.get(back, timeout=10)
            assert urllib.parse.urlsplit(page.url).path == "/hub/home", page.text
            found.append([re.search(pattern, page.text)[1] for pattern in (
                r"<bdi>([\w-]+)</bdi>", r"<span>uid (\d+)</span>", r"/home/([\w-]+)<")])
    assert found[0] == ["grace", "20002", "grace"] and found[1][0] == found[1][2] == "grace-2", found
    assert int(found[1][1]) >= 200000
    with contextlib.closing(sqlite3.connect(site.state / "hub.sqlite")) as database:
        rows = database.execute("SELECT issuer, name FROM person WHERE name LIKE 'grace%' ORDER BY name").fetchall()
    assert rows == [(f"{site.issuer}/api/oidc", "grace"), (site.second, "grace-2")]


def test_whoever_has_no_group_at_the_second_issuer_stays_out(site):
    with site.browser() as browser:
        answer = browser.get(site.vouch(browser, "second", "emmy", site.depart(browser, "second")), timeout=10)
    assert answer.status_code == 403 and "no group" in answer.text


UNKNOWN, STALE, UNBELIEVABLE = "began in another browser", "finished before", "could not be verified"


@pytest.mark.parametrize("issuer", ["demo", "second"])
@pytest.mark.parametrize("what, words", [
    ("state", UNKNOWN), ("browser", UNKNOWN), ("code", STALE), ("verifier", STALE), ("nonce", UNBELIEVABLE),
    ("issuer", UNKNOWN)])
def test_a_login_that_was_changed_on_the_way_is_refused(site, issuer, what, words):
    other = {"demo": "second", "second": "demo"}[issuer]
    with site.browser() as browser, site.browser() as stranger:
        departure = site.depart(browser, issuer)
        if what == "nonce":
            departure = changed(departure, nonce="a-nonce-of-somebody-else")
        if what == "verifier":
            # The challenge of a verifier that the hub does not have.
            departure = changed(departure, code_challenge="A" * 43)
        back = site.vouch(browser, issuer, "grace", departure)
        match what:
            case "state":
                back = changed(back, state=query(back)["state"][::-1])
            case "code":
                back = changed(back, code="a-code-that-nobody-gave")
            case "issuer":
                # Another one claims to have answered, by name where it has one, and by the address it answers at.
                named = changed(back, iss="https://issuer.example/")
                refused(site, browser, named, UNBELIEVABLE)
                departure = site.depart(browser, issuer)
                back = site.vouch(browser, issuer, "grace", departure).replace(f"/{issuer}?", f"/{other}?")
        refused(site, stranger if what == "browser" else browser, back, words)
        if what == "browser":
            # It was not used up by the stranger's attempt.
            assert urllib.parse.urlsplit(browser.get(back, timeout=10).url).path == "/hub/home"


def refused(site, browser, address, words):
    """The hub says no for this reason, and nobody is logged in."""
    answer = browser.get(address, timeout=10)
    assert answer.status_code in (400, 403) and words in answer.text, (answer.text, site.words("hub"))
    home = browser.get(f"{site.url}/hub/home", timeout=10)
    assert urllib.parse.urlsplit(home.url).path == "/hub/login"
