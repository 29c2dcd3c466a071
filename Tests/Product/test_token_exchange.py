"""A session's token by token exchange (RFC 8693), at an issuer of joserfc's making."""
import contextlib
import json

import pytest

from demo import eventually
from exchange_provider import CLIENT, SECRET, ExchangeProvider
from podsite import PodSite

UID, LIFE = 20001, 24
ACCOUNT = {"preferred_username": "ada", "uidNumber": UID, "gidNumber": UID, "wlcg.groups": ["/lab/developers"]}
ISSUERS = """
    vo:
      issuer: {issuer}
      groups: {{claim: wlcg.groups, kind: wlcg}}
      uid: {{claim: uidNumber}}
      gid: {{claim: gidNumber}}
      login: {{client: {client}, secret: "{secret}", scopes: [openid, "storage.read:/", "storage.modify:/"]}}
      notebook: {{audience: https://data.test, scope: "storage.read:/"}}
  groups: {{developers: {{gid: 5001, from: ["vo:/lab/developers"]}}}}
"""
CONFIGURATION = """
import os, subprocess, sys
subprocess.Popen([sys.executable, os.path.expanduser("~/look.py")])
"""
LOOK = """
import json, os, time
with open(os.path.expanduser("~/seen.jsonl"), "a", buffering=1) as seen:
    while True:
        with open(os.environ["BEARER_TOKEN_FILE"]) as file:
            token = file.read()
        seen.write(json.dumps([time.time(), token]) + chr(10))
        time.sleep(0.5)
"""


@pytest.fixture
def site(tmp_path):
    provider = ExchangeProvider(ACCOUNT, LIFE)
    with provider.running():
        site = PodSite(tmp_path, ISSUERS.format(issuer=provider.url, client=CLIENT, secret=SECRET))
        site.provider = provider
        home, hand_over = site.home("ada", UID)
        (home / ".jupyter").mkdir()
        (home / ".jupyter/jupyter_server_config.py").write_text(CONFIGURATION)
        (home / "look.py").write_text(LOOK)
        hand_over()
        site.seen = lambda: [json.loads(line) for line in (home / "seen.jsonl").read_text().splitlines()] \
            if (home / "seen.jsonl").exists() else []
        with site.cluster(), site.hub():
            yield site


def test_a_sessions_token_is_exchanged_and_never_good_for_more(site):
    provider = site.provider
    with contextlib.closing(site.browser()) as browser:
        proof = site.proof(browser.get(f"{site.url}/hub/login/vo", timeout=10))
        site.start(browser, proof, "ada")
        at, first = eventually(site.seen, lambda: f"{provider.wrong} {site.words('hub')}", 60)[0]
        claims = provider.verify(first, at)
        assert claims["aud"] == "https://data.test" and claims["scope"] == "storage.read:/"
        assert first in provider.exchanged and first not in provider.logins

        # An exchange that gives too much changes nothing in the pod, and neither does one that fails.
        for mood in "wide", "away":
            provider.mood = mood
            eventually(lambda: mood in provider.tries, lambda: f"{provider.wrong} {site.words('hub')}", LIFE + 20)
            # Another good one may have come before the mood did.
            first = site.seen()[-1][1]
            assert first in provider.exchanged
        assert "good for more than was asked for" in site.said("hub")
        provider.mood = "right"
        at, last = eventually(lambda: next((look for look in site.seen()[-1:] if look[1] != first), None),
                              lambda: f"{provider.wrong} {site.words('hub')}", 60)
        assert provider.verify(last, at)["scope"] == "storage.read:/"
        assert not provider.wrong, provider.wrong
        texts = {token for _, token in site.seen()}
        assert texts <= set(provider.exchanged) and not texts & set(provider.logins)
        words = site.said("hub")
        assert not any(token in words for token in texts | set(provider.logins))
        site.stop(browser, proof, "ada")
