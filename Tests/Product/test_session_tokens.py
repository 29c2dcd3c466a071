"""Tokens in a pod, found by the programs that look for them and renewed while the pod runs: glewlwyd's by a refresh with fewer
scopes, and the hub's own, which object storage takes. Nothing in the pod but unmodified scitokens and boto3."""
import contextlib
import json


import pytest
from joserfc import jwk, jwt

from demo import eventually
from podsite import PodSite
from storage import Storage, fetch

UID, LIFE = 20001, 30
# glewlwyd gives refreshed tokens for all scopes of the login, whatever is asked for.
ISSUER = """      notebook: {scope: "openid profile groups"}"""
NOTEBOOK = """
notebook:
  audience: https://data.test
  life: 60s
  s3: {role: "arn:aws:iam::123456789012:role/notebooks", audience: s3.test, endpoint: URL, sts: URL}
"""
# Begins with the server, in its pod, as its person.
CONFIGURATION = """
import os, subprocess, sys
subprocess.Popen([sys.executable, os.path.expanduser("~/look.py")])
"""
LOOK = """
import json, os, pathlib, stat, time
import boto3
import scitokens

own = pathlib.Path(f"/run/orrery/tokens/bt_u{os.getuid()}-orrery")
s3 = boto3.client("s3")
s3.create_bucket(Bucket="results")
with open(os.path.expanduser("~/seen.jsonl"), "a", buffering=1) as seen:
    while True:
        look = {"time": time.time(), "pid": os.getppid(), "names": sorted(os.listdir("/run/orrery/tokens")),
                "BEARER_TOKEN": "BEARER_TOKEN" in os.environ, "file": os.environ["BEARER_TOKEN_FILE"],
                "writable": os.access("/run/orrery/tokens", os.W_OK), "own": own.read_text()}
        try:
            token = scitokens.SciToken.discover(insecure=True)
            look["found"], look["text"] = dict(token._verified_claims), token._serialized_token
        except Exception as error:
            look["error"] = repr(error)
        try:
            s3.put_object(Bucket="results", Key="latest", Body=str(look["time"]).encode())
            look["stored"] = s3.get_object(Bucket="results", Key="latest")["Body"].read().decode() == str(look["time"])
        except Exception as error:
            look["storage"] = repr(error)
        seen.write(json.dumps(look) + chr(10))
        time.sleep(1)
"""


@pytest.fixture
def site(tmp_path):
    with Storage("s3.test") as storage:
        site = PodSite(tmp_path, more=ISSUER, notebook=NOTEBOOK.replace("URL", storage.url))
        site.storage, storage.issuer = storage, f"{site.url}/hub/workload"
        home, hand_over = site.home("ada", UID)
        (home / ".jupyter").mkdir()
        (home / ".jupyter/jupyter_server_config.py").write_text(CONFIGURATION)
        (home / "look.py").write_text(LOOK)
        hand_over()
        site.seen = lambda: [json.loads(line) for line in (home / "seen.jsonl").read_text().splitlines()] \
            if (home / "seen.jsonl").exists() else []
        with site.provider():
            pass
        site.give_short_tokens(LIFE)
        with site.provider(), site.cluster(), site.hub():
            yield site


def test_tokens_are_found_and_renewed_without_a_restart_of_the_pod(site):
    with contextlib.closing(site.browser()) as browser:
        proof = site.enter(browser, "ada")
        site.start(browser, proof, "ada")
        first = eventually(lambda: next((look for look in site.seen() if "found" in look), None),
                           lambda: f"{site.seen()[-1:]} {site.words('hub')}", 60)
        # One file for each, the usual name for the one that programs find, and what the kubelet keeps beside them.
        assert [name for name in first["names"] if not name.startswith("..")] == \
            [f"bt_u{UID}", f"bt_u{UID}-demo", f"bt_u{UID}-orrery", "s3"]
        assert "..data" in first["names"] and not first["writable"]
        assert not first["BEARER_TOKEN"] and first["file"] == f"/run/orrery/tokens/bt_u{UID}"
        assert first["found"]["iss"] == f"{site.issuer}/api/oidc"
        assert first["found"]["exp"] - first["time"] <= LIFE + 1

        # Another one, before the first is over and after it; never one that is over.
        eventually(lambda: site.seen()[-1]["time"] > first["found"]["exp"] + 2, "the first token is over", LIFE + 30)
        looks = site.seen()
        late = [look for look in looks if look["time"] > first["found"]["exp"]]
        assert late and all("found" in look and look["text"] != first["text"] for look in looks[-2:]), looks[-1]
        for look in looks:
            assert "found" in look and look["found"]["exp"] > look["time"], look
        assert {look["pid"] for look in looks} == {first["pid"]}
        pods = site.object("pods")["items"]
        assert [each["restartCount"] for pod in pods for each in pod["status"]["containerStatuses"]] == [0]

        the_hub_is_an_issuer(site, first)
        storage_takes_the_hubs_tokens(site)
        nothing_of_the_login_is_in_the_pod(site, looks)
        site.stop(browser, proof, "ada")


def the_hub_is_an_issuer(site, first):
    """Its own tokens hold for joserfc, through discovery by way of the proxy."""
    issuer = f"{site.url}/hub/workload"
    document = fetch(f"{issuer}/.well-known/openid-configuration")
    keys = jwk.KeySet.import_key_set(fetch(document["jwks_uri"]))
    token = jwt.decode(first["own"], keys, algorithms=["RS256"])
    assert token.header["kid"] == keys.keys[0].thumbprint() and document["issuer"] == issuer
    assert {name: token.claims[name] for name in ("iss", "aud", "preferred_username", "groups", "cluster")} == {
        "iss": issuer, "aud": "https://data.test", "preferred_username": "ada", "groups": ["developers"],
        "cluster": "north"}
    assert token.claims["sub"].startswith("ada:") and token.claims["exp"] - token.claims["iat"] == 60


def storage_takes_the_hubs_tokens(site):
    """boto3 gets credentials for the token in the file, and new ones for the next token, by itself."""
    storage = site.storage

    def renewed():
        return len({claims["jti"] for claims in storage.believed}) > 1

    eventually(renewed, lambda: f"{storage.refused[-1:]} {site.seen()[-1]}", 60)
    assert not storage.refused, storage.refused[-1]
    assert all(claims["aud"] == "s3.test" and claims["sub"].startswith("ada:") for claims in storage.believed)
    troubles = [look.get("storage", "another text") for look in site.seen() if not look.get("stored")]
    assert not troubles, troubles


def nothing_of_the_login_is_in_the_pod(site, looks):
    """Only what `notebook` names; no token stands in a log."""
    assert all(set(look["found"]["scope"].split()) == {"openid", "profile", "groups"} for look in looks)
    words = site.said("hub") + site.said("pocket")
    for look in looks:
        assert look["text"] not in words and look["own"] not in words
