"""What becomes of logins after they were made, with glewlwyd as the issuer: its refresh tokens work once, and a second use
of one ends the login there."""
import concurrent.futures
import contextlib
import json
import re
import sqlite3
import urllib.parse

import pytest

from demo import eventually
from test_issuer_keys import Site
from test_two_issuers import enter, proof


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    path = tmp_path / "orrery.yaml"
    path.write_text(path.read_text().replace("  allow: [science]", "  allow: [science]\n  session: {recheck: 1m}", 1))
    with site.provider(), site.hub():
        yield site


def rows(path, sql, *values):
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as database, database:
        return database.execute(sql, values).fetchall()


def at_issuer(site, sql, *values):
    return rows(site.state / "provider/glewlwyd.db", sql, *values)


def in_hub(site, sql, *values):
    return rows(site.state / "hub.sqlite", sql, *values)


def refresh_tokens(site):
    """How many the issuer has given, and how many of them still work."""
    return at_issuer(site, "SELECT count(*), coalesce(sum(gpor_enabled), 0) FROM gpo_refresh_token")[0]


def is_in(site, browser):
    answer = browser.get(f"{site.url}/hub/home", allow_redirects=False, timeout=10)
    return answer.status_code == 200


def start(site, browser, token):
    return browser.post(f"{site.url}/hub/api/users/grace/server", headers={"X-XSRFToken": token}, timeout=60)


def test_fifty_starts_at_once_cause_one_refresh(site):
    with site.browser() as browser:
        token = proof(enter(site, browser, "demo", "grace"))
        assert refresh_tokens(site) == (1, 1)
        with concurrent.futures.ThreadPoolExecutor(50) as threads:
            answers = list(threads.map(lambda _: start(site, browser, token).status_code, range(50)))
        # No cluster is there; every start has got as far as asking for one.
        assert set(answers) == {503}, answers
        # One more than at the login, and it is good: none was used twice.
        assert refresh_tokens(site) == (2, 1), site.words("hub")
        assert is_in(site, browser)


def take_groups(site, name):
    """As an administrator of glewlwyd would."""
    at_issuer(site, "DELETE FROM g_user_property WHERE gup_name = 'groups' AND gu_id ="
                    " (SELECT gu_id FROM g_user WHERE gu_username = ?)", name)


def test_a_group_that_the_issuer_takes_away_is_gone(site):
    with site.browser() as here, site.browser() as there:
        enter(site, here, "demo", "grace")
        token = proof(enter(site, there, "demo", "grace"))
        take_groups(site, "grace")
        # Nothing happens but the time: whoever is there is asked about.
        eventually(lambda: not is_in(site, here), lambda: site.words("hub"), 120)
        assert not is_in(site, there)
        assert start(site, there, token).status_code == 403
        assert "groups changed at the issuer" in site.said("hub")


def test_a_group_that_was_taken_away_starts_nothing(site):
    with site.browser() as browser:
        token = proof(enter(site, browser, "demo", "grace"))
        take_groups(site, "grace")
        answer = start(site, browser, token)
        assert answer.status_code == 403, answer.text
        assert not is_in(site, browser)


def test_a_login_that_the_issuer_ended_starts_nothing(site):
    with site.browser() as browser:
        token = proof(enter(site, browser, "demo", "grace"))
        at_issuer(site, "UPDATE gpo_refresh_token SET gpor_enabled = 0")
        for _ in range(3):
            answer = start(site, browser, token)
            assert answer.status_code == 403 and "does not vouch" in answer.text, answer.text
        assert is_in(site, browser)
        assert site.said("hub").count("issuer ended a login's credential") == 1
        # A new login mends it.
        token = proof(enter(site, browser, "demo", "grace"))
        assert start(site, browser, token).status_code == 503


def issuer_session(site, browser):
    """The name that the issuer gave to this browser's session, as the hub knows it."""
    sid = browser.cookies["jupyterhub-session-id"]
    return in_hub(site, "SELECT issuer_session FROM login WHERE sid = ?", sid)[0][0]


def test_a_logout_at_the_issuer_ends_that_login_alone(site):
    with site.browser() as here, site.browser() as there:
        enter(site, here, "demo", "grace")
        enter(site, there, "demo", "grace")
        session = issuer_session(site, here)
        assert session != issuer_session(site, there)
        # What glewlwyd's page sends when the person agrees to log out; it calls the hub before it answers.
        assert here.delete(f"{site.issuer}/api/oidc/session/{session}", timeout=20).status_code == 200
        eventually(lambda: not is_in(site, here), lambda: site.words("hub"), 20)
        assert is_in(site, there)
        # A token that came before, and one that is none.
        url = f"{site.url}/hub/logout/demo"
        for body in {}, {"logout_token": "a.b.c"}, {"logout_token": ""}:
            answer = there.post(url, data=body, timeout=10)
            assert answer.status_code == 400 and answer.headers["Cache-Control"] == "no-store"
        assert is_in(site, there)


def test_a_logout_here_goes_on_at_the_issuer_and_comes_back(site):
    with site.browser() as browser:
        token = proof(enter(site, browser, "demo", "grace"))
        session = issuer_session(site, browser)
        answer = browser.post(f"{site.url}/hub/logout", data={"_xsrf": token}, timeout=10)
        assert not is_in(site, browser)
        assert refresh_tokens(site) == (1, 0)
        assert in_hub(site, "SELECT count(*) FROM credential") == [(0,)]
        url = re.fullmatch(r"0; url=(\S+)", answer.headers["Refresh"])[1]
        assert url.startswith(f"{site.issuer}/api/oidc/end_session?")
        question = browser.get(url, allow_redirects=False, timeout=10)
        # Its login page asks, and knows from the hint whose session it is and where to go afterwards.
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(question.headers["Location"]).query))
        assert question.status_code == 302 and asked["prompt"] == "end_session" and asked["sid"] == session, asked
        assert asked["callback_url"] == f"{site.url}/hub/logout", asked
        back = browser.get(asked["callback_url"], timeout=10)
        assert back.status_code == 200 and "logged out" in back.text


def test_a_logout_does_not_wait_for_an_issuer_that_is_away(tmp_path):
    site = Site(tmp_path)
    with contextlib.ExitStack() as hub, site.browser() as browser:
        with site.provider():
            hub.enter_context(site.hub())
            token = proof(enter(site, browser, "demo", "grace"))
        answer = browser.post(f"{site.url}/hub/logout", data={"_xsrf": token}, timeout=10)
        assert answer.status_code == 200 and "Refresh" not in answer.headers
        assert not is_in(site, browser)


def test_twenty_tabs_may_log_in_at_once_and_any_may_finish(site):
    with site.browser() as browser:
        password = json.loads((site.state / "provider/people.json").read_text())["grace"]
        browser.post(f"{site.issuer}/api/auth/", json={"username": "grace", "password": password}, timeout=10)
        tabs = [browser.get(f"{site.url}/hub/login/demo", allow_redirects=False, timeout=10).headers["Location"]
                for _ in range(21)]
        answers = [browser.get(tab + "&g_continue", allow_redirects=False, timeout=10).headers["Location"]
                   for tab in tabs]
        # The oldest of more than twenty is forgotten; the others work in any order, once each.
        assert browser.get(answers[0], timeout=10).status_code == 400
        with concurrent.futures.ThreadPoolExecutor(20) as threads:
            arrivals = list(threads.map(
                lambda answer: browser.get(answer, allow_redirects=False, timeout=30).status_code, answers[1:]))
        assert arrivals == [302] * 20, site.words("hub")
        assert is_in(site, browser)
        assert browser.get(answers[7], timeout=10).status_code == 400
