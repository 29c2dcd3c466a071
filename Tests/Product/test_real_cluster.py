"""Notebooks on the API server of ORRERY_TEST_KUBECONFIG, with and without an agent in it, and what goes wrong there.

    Tests/Kubernetes/up        # in another terminal; says what to set
    python -m pytest Tests/Product/test_real_cluster.py"""
import contextlib
import os
import sqlite3

import pytest
import requests

from demo import eventually
from foreignsite import ADDRESS, direct, joined, push_agent, run_agent

pytestmark = pytest.mark.skipif(not (ADDRESS and os.environ.get("ORRERY_TEST_KUBECONFIG")),
                                reason="ORRERY_TEST_KUBECONFIG, ORRERY_TEST_IMAGE and ORRERY_TEST_ADDRESS are not given")


def sessions(site, server):
    """State, reason and sentence of ada's sessions of this name, the last one first."""
    with contextlib.closing(sqlite3.connect(site.state / "hub.sqlite", timeout=10)) as database:
        query = "SELECT state, end_reason, message FROM session WHERE server = ? ORDER BY id DESC"
        return database.execute(query, [server]).fetchall()


def comes(site, server, test, limit=120):
    eventually(lambda: any(test(*each) for each in sessions(site, server)[:1]),
               lambda: f"{server}: {sessions(site, server)}\n{site.words('hub')}", limit)


def ask(site, browser, proof, server):
    asked = browser.post(f"{site.url}/hub/api/users/ada/servers/{server}", headers=proof, timeout=60)
    assert asked.status_code in (201, 202), asked.text


def is_ready(state, *_):
    return state == "ready"


def test_a_hub_with_an_account_bears_what_a_cluster_does(tmp_path):
    with direct(tmp_path) as site, site.provider():
        with site.hub(), site.browser() as browser:
            proof = site.enter(browser, "ada")
            site.call("POST", "resourcequotas", {"metadata": {"name": "one"}, "spec": {"hard": {"pods": "1"}}})
            ask(site, browser, proof, "first")
            comes(site, "first", is_ready)
            assert site.notebook_answers(browser, "ada/first")

            # A full quota is waited for.
            ask(site, browser, proof, "second")
            comes(site, "second", lambda state, _, sentence: state == "queued" and "its quota one allows pods=1" in sentence)
            browser.delete(f"{site.url}/hub/api/users/ada/servers/first", headers=proof, timeout=60)
            comes(site, "second", is_ready)

        # Pods live on without a hub, and belong to it again.
        before = site.object("pods")["items"][0]["metadata"]["uid"]
        with site.hub(), site.browser() as browser:
            proof = site.enter(browser, "ada")
            eventually(lambda: site.notebook_answers(browser, "ada/second"), lambda: site.words("hub"), 60)
            found = site.object("pods")["items"][0]["metadata"]
            assert found["uid"] == before
            site.call("DELETE", f"pods/{found['name']}")
            comes(site, "second", lambda state, reason, _: (state, reason) == ("ended", "lost"))
            for kind in ("pods", "secrets", "configmaps"):
                eventually(lambda: not site.object(kind)["items"], lambda: f"{kind}: {site.object(kind)}", 60)


def test_a_cluster_joins_by_the_agent_in_its_pods(tmp_path):
    registry = os.environ["ORRERY_TEST_IMAGE"].split("/")[0]
    with joined(tmp_path) as site, site.provider(), site.hub(), site.browser() as browser:
        line = site.join_string("invite", "--name", "north", "--owner", "developers")
        run_agent(site, push_agent(tmp_path, registry), line.replace("127.0.0.1", ADDRESS))
        proof = site.enter(browser, "ada")
        ask(site, browser, proof, "there")
        comes(site, "there", is_ready)
        assert site.notebook_answers(browser, "ada/there")
        # Both of its replicas serve; one may go.
        pods = f"/api/v1/namespaces/{site.ground.own}/pods"
        agents = site.api.call("GET", pods)["items"]
        assert len(agents) == 2
        site.api.call("DELETE", f"{pods}/{agents[0]['metadata']['name']}")
        assert site.notebook_answers(browser, "ada/there")
        site.clusters("revoke", "north", "--because", "the test is over")
        eventually(lambda: is_cut_off(site, browser, "ada/there"), lambda: site.clusters("show", "north"), 30)


def is_cut_off(site, browser, name):
    try:
        return not site.notebook_answers(browser, name)
    except requests.ConnectionError:
        return True
