"""`orrery keys` and `orrery audit` beside a hub that runs, and a thief who has its files."""
import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess

import pytest

from demo import eventually
from podsite import PodSite
from test_issuer_keys import PROGRAM, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("audit"))
    with pytest.MonkeyPatch.context() as patch:
        # F12: no proxy of the environment is asked. There is none, so that a login would fail.
        for name in "http_proxy", "https_proxy", "all_proxy":
            patch.setenv(name, "http://127.0.0.1:9")
        patch.delenv("no_proxy", raising=False)
        with site.provider(), site.hub():
            yield site


def orrery(site, *words, config="orrery.yaml"):
    return subprocess.run([PROGRAM, *words, "--config", site.state / config], capture_output=True, text=True, timeout=60)


def records(site, *words):
    answer = orrery(site, "audit", "--json", *words)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_a_login_and_a_refusal_can_be_read_while_the_hub_runs(site):
    assert site.log_in("grace")[0] == "/hub/home"
    assert site.log_in("ada")[0] == "/hub/callback/demo"
    found = eventually(lambda: len(records(site)) >= 2 and records(site), "both records are written")
    login, refusal = found[-2:]
    assert login["act"] == "login" and login["name"] == "grace" and login["address"].startswith("127.0.0.1"), login
    assert refusal["act"] == "login-refused" and "developers" in refusal["why"] and "name" not in refusal, refusal
    assert [each["act"] for each in records(site, "--person", "grace")] == ["login"]
    assert [each["act"] for each in records(site, "--act", "login-refused", "--since", "1h")] == ["login-refused"]
    assert not records(site, "--until", "2026-01-01")
    # The id of the request is the one that the hub's own log has.
    assert login["request"] in site.said("hub")


def test_a_session_and_the_sensitive_fileset_it_was_given_are_written_down(tmp_path):
    site = PodSite(tmp_path)
    policy = tmp_path / "policy/filesets.yaml"
    policy.write_text(policy.read_text().replace("home: true,", "home: true, sensitive: true,"))
    site.home("ada", 20001)[1]()
    with site.provider(), site.cluster(), site.hub(), contextlib.closing(site.browser()) as browser:
        proof = site.enter(browser, "ada")
        site.start(browser, proof, "ada")
        site.stop(browser, proof, "ada")
        found = eventually(lambda: [each for each in records(site) if each["act"] == "stop"] and records(site),
                           "the stop is written")
    acts = [(each["act"], each.get("cluster"), each["object"]) for each in found if each["act"] != "token-made"]
    session = acts[1][2]
    assert acts == [("login", None, "demo"), ("spawn", "north", session), ("grant", "north", "home"),
                    ("stop", "north", session)], found
    assert {each["name"] for each in found} == {"ada"}


def test_keys_change_under_a_running_hub(site):
    keys = site.state / "orrery.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert orrery(site, "keys", "rotate").stdout.startswith("key 2 is the newest now")
    listed = orrery(site, "keys", "list").stdout
    assert "key 2  seals and opens" in listed and "key 1  opens  0 stored secrets" in listed, listed
    assert site.log_in("grace")[0] == "/hub/home"
    refused = orrery(site, "keys", "retire", "2")
    assert refused.returncode == 1 and "newest" in refused.stderr
    assert orrery(site, "keys", "retire", "1").stdout == "key 1 is retired\n"
    assert site.log_in("grace")[0] == "/hub/home"
    assert [each["object"] for each in records(site, "--act", "admin")] == ["key 2", "key 1"]
    assert orrery(site, "audit", "verify").stdout.startswith("OK: ")


def test_a_thief_of_the_database_is_found_out(site):
    eventually(lambda: len(records(site)) >= 4, "records are written")
    for number, statement in enumerate((
            "UPDATE audit SET address = '192.0.2.1' WHERE number = 1",
            "DELETE FROM audit WHERE number = 2",
            "INSERT INTO audit (number, at, act, mark) SELECT max(number) + 1, 0, 'login', mark FROM audit")):
        stolen = site.state / f"stolen-{number}.sqlite"
        with sqlite3.connect(site.state / "hub.sqlite") as source, sqlite3.connect(stolen) as copy:
            source.backup(copy)
            if not statement.startswith("INSERT"):
                with pytest.raises(sqlite3.IntegrityError):
                    copy.execute(statement)
                for (trigger,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    copy.execute(f"DROP TRIGGER {trigger}")
            copy.execute(statement)
            copy.commit()
        text = (site.state / "orrery.yaml").read_text().replace("hub.sqlite", stolen.name)
        text = text.replace("url:", "url:", 1).replace('database:', f'keys: "{site.state}/orrery.keys", database:', 1)
        (site.state / "stolen.yaml").write_text(text)
        answer = orrery(site, "audit", "verify", config="stolen.yaml")
        assert answer.returncode == 1 and "TAMPERED" in answer.stderr, (statement, answer)
    # The last of these was put at the end; what was noted before it is still there.
    noted = orrery(site, "audit", "verify").stdout.split("the last is ")[1].strip()
    assert orrery(site, "audit", "verify", "--noted", noted).returncode == 0
    number, mark = noted.split(":")
    gone = orrery(site, "audit", "verify", "--noted", f"{int(number) + 5}:{mark}")
    assert gone.returncode == 1 and "cut off" in gone.stderr


def test_a_hub_without_its_keys_or_with_keys_for_everybody_does_not_start(site):
    shutil.copy(site.state / "orrery.keys", site.state / "open.keys")
    os.chmod(site.state / "open.keys", 0o644)
    (site.state / "other.keys").write_text("1 " + "A" * 43 + "\n")
    os.chmod(site.state / "other.keys", 0o600)
    for name, words in (("open.keys", "others than its owner"), ("other.keys", "audit log cannot be opened"),
                        ("no.keys", "is missing")):
        place = name.removesuffix(".keys")
        copied(site, place, name)
        answer = orrery(site, "hub", config=f"{place}.yaml")
        assert answer.returncode == 1 and words in answer.stderr and name in answer.stderr, answer
    assert not (site.state / "no.keys").exists()


def test_a_backup_of_a_running_hub_is_whole(site):
    noted = orrery(site, "audit", "verify").stdout.split("the last is ")[1].strip()
    copied(site, "backup", "orrery.keys")
    assert orrery(site, "audit", "verify", "--noted", noted, config="backup.yaml").stdout.startswith("OK: ")
    assert "stored secrets" in orrery(site, "keys", "list", config="backup.yaml").stdout


def copied(site, name, keys):
    """The hub's database as it is now under another name, and a configuration with that and a key file."""
    # As docs/operating.md says.
    with sqlite3.connect(site.state / "hub.sqlite") as source:
        source.execute("VACUUM INTO ?", (str(site.state / f"{name}.sqlite"),))
    text = (site.state / "orrery.yaml").read_text().replace("hub.sqlite", f"{name}.sqlite")
    (site.state / f"{name}.yaml").write_text(
        text.replace("database:", f'keys: "{site.state}/{keys}", database:', 1))


def test_a_second_hub_on_the_same_database_does_not_start(site):
    answer = orrery(site, "hub")
    assert answer.returncode == 1 and "a hub runs on the database" in answer.stderr, answer


def test_a_lost_key_file_is_given_up_and_verify_says_so(site):
    copied(site, "lost", "lost.keys")
    listed = orrery(site, "keys", "list").stdout
    number = listed.split("key ")[1].split()[0]
    assert orrery(site, "keys", "retire", "99", "--lost", config="lost.yaml").returncode == 1
    assert not (site.state / "lost.keys").exists()
    given_up = orrery(site, "keys", "retire", number, "--lost", config="lost.yaml")
    assert given_up.returncode == 0 and given_up.stdout == f"key {number} is retired\n", given_up
    verified = orrery(site, "audit", "verify", config="lost.yaml")
    assert verified.returncode == 0 and "nobody can check those up to there" in verified.stdout, verified
    assert records(site, "--act", "begun-anew") == []
    # The hub's own: it runs, and what it has read it would go on with.
    refused = orrery(site, "keys", "retire", number, "--lost")
    assert refused.returncode == 1 and "a hub runs on the database" in refused.stderr, refused


def test_no_secret_is_in_the_database_or_in_the_log(site):
    """What the issuer and the hub gave to people, looked for in every file of the hub."""
    with site.browser() as browser:
        password = json.loads((site.state / "provider/people.json").read_text())["grace"]
        browser.post(f"{site.issuer}/api/auth/", json={"username": "grace", "password": password}, timeout=10)
        departure = browser.get(f"{site.url}/hub/login/demo", allow_redirects=False, timeout=10)
        answer = browser.get(departure.headers["Location"] + "&g_continue", allow_redirects=False, timeout=10)
        code = answer.headers["Location"].split("code=")[1].split("&")[0]
        browser.get(answer.headers["Location"], timeout=10)
        cookie = next(each.value for each in browser.cookies if each.name.endswith("orrery-session"))
        client = (site.state / "provider/client.secret").read_text().strip()
        for path in site.state.glob("hub.*"):
            held = path.read_bytes()
            for what, secret in {"code": code, "cookie": cookie, "client's secret": client, "token": "eyJ"}.items():
                assert secret.encode() not in held, f"the {what} is in {path.name}"
