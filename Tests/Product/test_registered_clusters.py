"""Clusters that join: a real hub and proxy, a real agent, and a pocket cluster that the hub knows no way to but through it."""
import contextlib
import json
import re
import shutil
import signal

import pytest
from selenium.webdriver.common.keys import Keys

from browser import ISSUER, Browser
from demo import eventually
from hub import Kernel
from joined import JoinedSite

UID = 20001


@pytest.fixture
def site(tmp_path):
    site = JoinedSite(tmp_path)
    _, hand_over = site.home("ada", UID)
    hand_over()
    with site.provider(), site.cluster():
        yield site


def test_a_token_lets_a_cluster_in_and_its_sessions_outlive_its_link(site):
    with site.hub(), site.browser() as browser:
        join = site.join_string("invite", "--owner", "developers", "--name", "north")
        assert re.fullmatch(r"orrery://127\.0\.0\.1:\d+/[a-z0-9]{6}\.[a-z0-9]{16}#pin=sha256:\S+", join), join
        with site.agent(join):
            site.is_said(", ready")
            assert "trust owner" in site.line() and "owner developers" in site.line(), site.line()
            secret = join.split(".")[-1].split("#")[0]
            assert secret not in site.said("hub") + site.said("agent")
            proof = site.enter(browser, "ada")
            site.start(browser, proof, "ada")
            eventually(lambda: site.notebook_answers(browser, "ada"), "the notebook answers through the agent")
            pods = site.pods()

            # The link is down: first unwell, then unreachable; nothing is stopped, and it comes back by itself.
            site.end_agent(number=signal.SIGKILL)
            site.is_said("unreachable since")
            eventually(lambda: "cannot be reached since" in site.home_page(browser), lambda: site.home_page(browser))
            assert site.pods() == pods
            site.start_agent(join)
            site.is_said(", ready")
            eventually(lambda: site.notebook_answers(browser, "ada"), lambda: site.words("hub"))
            assert site.pods() == pods

            # Thrown out while a kernel speaks: its connection ends, and nothing of the site's is touched.
            made = browser.post(f"{site.url}/hub/api/users/ada/tokens", headers=proof, json={}, timeout=10)
            with Kernel(site.door(made.json()["token"]), "/user/ada/") as kernel:
                kernel.run("1 + 1")
                kernel.channel.settimeout(20)
                site.clusters("revoke", "north", "--because", "the test throws it out")
                with pytest.raises(Exception) as ended:
                    for _ in range(1000):
                        kernel.run("2 + 2")
                assert "timed out" not in str(ended.value).lower(), "the connection was ended, not forgotten"
            eventually(lambda: "revoked" in site.said("agent"), lambda: site.words("agent"))
            eventually(lambda: "the test throws it out" in site.home_page(browser), lambda: site.home_page(browser))
            assert site.pods() == pods
            assert "revoked" in site.line()


@contextlib.contextmanager
def ada_at(site, results, name):
    """Ada at the page of her clusters, in a browser that keeps its screenshots under `name`."""
    screenshots = results / "screenshots" / name
    screenshots.mkdir(exist_ok=True)
    ada = Browser(site.url, screenshots, "ada")
    try:
        ada.go("/hub/clusters")
        ada.press(ISSUER)
        ada.give_password(json.loads((site.state / "provider/people.json").read_text())["ada"])
        yield ada
    finally:
        ada.close()


def claim(site, results, code):
    """What somebody of developers does at a browser with the code that the agent has logged."""
    with ada_at(site, results, "claim") as ada:
        ada.press("main a", "Claim it")
        for typed in "BBBB-BBBB", code.lower().replace("-", " "):
            ada.see("input#code").clear()
            ada.see("input#code").send_keys(typed)
            ada.press("button", "Go on")
            if typed == "BBBB-BBBB":
                ada.see(".notice.failure", text="o cluster waits with this code")
        ada.see("h2", text="Is this your cluster?")
        ada.shot("cluster")
        assert [each.text for each in ada.all("#group option")] == ["developers"]
        ada.press("button", "Claim it")
        ada.see(".notice.success", text="belongs to developers")
        ada.shot("claimed")


def test_an_administrator_makes_a_join_string_at_a_browser_and_revokes_another(site, results):
    text = (site.state / "orrery.yaml").read_text()
    (site.state / "orrery.yaml").write_text(text.replace("  allow: [developers]", "  allow: [developers]\n  admin: [developers]"))
    with site.hub():
        site.join_string()  # which waits until a proxy has told its key
        with ada_at(site, results, "invites") as ada:
            ada.press("main a", "Join strings")

            def make(**fields):
                for name, value in fields.items():
                    ada.see(f"input#{name}").clear()
                    ada.see(f"input#{name}").send_keys(value)
                ada.press("button", "Make the join string")

            make(owner="nobodys")
            ada.see(".notice.failure", text="here is no group nobodys")
            joins = []
            for fields in {"owner": "developers", "name": "north"}, {"owner": "developers", "uses": "2"}:
                # Here the one before is not shown any more.
                ada.go("/hub/invites")
                make(**fields)
                joins.append(ada.see("#new-join").text)
                ada.shot("made")
            ids = [re.fullmatch(r"orrery://\S+/([a-z0-9]{6})\.[a-z0-9]{16}#pin=sha256:\S+", join)[1] for join in joins]
            ada.go("/hub/invites")
            cards = [card.text for card in ada.all("article")]
            assert [id for card in cards for id in ids if id in card] == ids[::-1], "the newest first"
            assert "called north" in cards[1] and "2 clusters" in cards[0] and all("made by ada" in card for card in cards), cards
            assert not any(join.split(".")[-1].split("#")[0] in ada.driver.page_source for join in joins), "shown once"

            ada.press("article button.danger", "Revoke")
            eventually(lambda: ids[1] not in ada.text() and ids[0] in ada.text(), ada.text)
            ada.shot("revoked")
            with site.agent(joins[1], wish="south"):
                eventually(lambda: "asks to join" in site.clusters(), site.clusters)
                assert "member" not in site.clusters(), "it waits like anybody"
                ada.go("/hub/clusters")
                ada.driver.execute_script("document.onsubmit = (event) => { window.sent = true; event.preventDefault(); }")
                ada.see("article input[name=reason]").send_keys("who is this?", Keys.ENTER)
                assert not ada.driver.execute_script("return window.sent"), "Enter decides nothing"
                ada.press("article button", "Let it in")
                assert ada.driver.execute_script("return window.sent")
            with site.agent(joins[0], key="another-key"):
                site.is_said(", ready")
            assert "owner developers" in site.line()
            ada.go("/hub/invites")
            ada.see(".empty", text="There is none")


def test_a_code_is_claimed_a_copy_is_refused_and_the_site_has_the_last_word(site, results):
    # A name that the configuration expects is an administrator's to give; this one nobody expects.
    text = (site.state / "orrery.yaml").read_text()
    (site.state / "orrery.yaml").write_text(text.replace("  north: {agent: true, title: North", "  coast: {agent: true, title: Coast"))
    with site.hub(), site.browser() as browser:
        join = site.join_string()
        assert "/" not in join.split("//")[1].split("#")[0], "no token"
        with site.agent(join):
            code = eventually(lambda: re.search(r"\b[B-Z]{4}-[B-Z]{4}\b", site.said("agent")),
                              lambda: site.words("agent") + site.words("hub"))[0]
            assert "asks to join" in site.clusters()
            proof = site.enter(browser, "ada")
            claim(site, results, code)
            site.is_said(", ready")
            site.clusters("audit")

            # What the site forbids is said in its own words.
            (site.state / "site.yaml").write_text(
                "site: the site of the tests\nnamespaces: [hub]\nmaxima: {cpu: 10m}\n")
            def refusal():
                browser.post(f"{site.url}/hub/api/users/ada/server", headers=proof, timeout=60)
                browser.delete(f"{site.url}/hub/api/users/ada/server", headers=proof, timeout=60)
                return "site forbid this session" in site.home_page(browser)
            eventually(refusal, lambda: site.home_page(browser)[-3000:] + site.words("agent"), 120)
            assert "10m" in site.home_page(browser)

            # The same key at another cluster.
            shutil.copytree(site.state / "key", site.state / "stolen")
            with site.another_cluster():
                site.start_agent(join, name="thief", key="stolen", kubeconfig="other-kubeconfig")
                site.is_said("quarantine")
                eventually(lambda: "another cluster" in site.said("thief"), lambda: site.words("thief"))
                site.end_agent("thief")
            site.clusters("uncordon", "north", "--because", "we have looked")
            eventually(lambda: "quarantine" not in site.line(), site.clusters)


def test_an_older_copy_of_the_database_asks_an_administrator_and_touches_no_pod(site):
    with site.hub():
        join = site.join_string("invite", "--owner", "developers", "--name", "north")
    shutil.copy(site.state / "hub.sqlite", site.state / "older.sqlite")
    with site.hub(), site.browser() as browser, site.agent(join):
        site.is_said(", ready")
        proof = site.enter(browser, "ada")
        site.start(browser, proof, "ada")
        pods = site.pods()
        site.end_agent()
        site.join = join
    for name in ("hub.sqlite-wal", "hub.sqlite-shm"):
        (site.state / name).unlink(missing_ok=True)
    shutil.copy(site.state / "older.sqlite", site.state / "hub.sqlite")
    # The token was used, and the older copy does not know that: nobody but an administrator lets it in, without one.
    with site.hub():
        plain = site.join_string()
        with site.agent(plain):
            waiting = eventually(lambda: re.search(r"^([0-9a-f]{16})…  asks to join", site.clusters(), re.M),
                                 lambda: site.clusters() + site.words("hub"))[1]
            site.clusters("approve", waiting, "--name", "north", "--owner", "developers")
            site.is_said(", ready")
            eventually(lambda: "belongs to no session" in site.said("hub"), lambda: site.words("hub"))
            assert site.pods() == pods
