"""Who is let in by a certificate, and what an operator decides about a cluster afterwards: each word of `orrery clusters`."""
import contextlib
import re
import shutil

import pytest

from authorities import Authority
from demo import eventually
from joined import JoinedSite

RULES = '[{{rule: ca, authorities: "file:{file}", subject: "CN=*,O=Grid", owner: developers, data: collaboration}}, {{rule: approve}}]'


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "grid")


@pytest.fixture(scope="module")
def site(grid, tmp_path_factory):
    """Nobody logs in here, so there is no provider. The configuration expects no cluster."""
    site = JoinedSite(tmp_path_factory.mktemp("admission"), rules=RULES.format(file=grid.file))
    path = site.state / "orrery.yaml"
    path.write_text(path.read_text().replace("  north: {agent: true, title: North", "  coast: {agent: true, title: Coast"))
    site.do_without_a_provider()
    with site.cluster(), site.hub():
        site.join = site.join_string()
        yield site


def waiting(site):
    """How the keys begin that ask to join."""
    return re.findall(r"^([0-9a-f]{16})…  asks to join", site.clusters(), re.M)


def knock(site, name, chain, key):
    return site.agent(site.join, key=name, more=["--chain", chain, "--chain-key", key])


@pytest.mark.parametrize("case", ["another organization", "another authority", "somebody else's certificate"])
def test_a_certificate_that_the_rule_is_not_about_waits_for_an_administrator(site, grid, tmp_path, case):
    chain, key = {"another organization": lambda: grid.site("Others", "stranger"),
                  "another authority": lambda: Authority(tmp_path, "grid").site("Grid", "stranger"),
                  "somebody else's certificate": lambda: (grid.site("Grid", "copied")[0], grid.site("Grid", "own")[1])}[case]()
    with knock(site, case.replace(" ", "-"), chain, key):
        asking = eventually(lambda: waiting(site), lambda: site.clusters() + site.words("agent"))
        assert not site.line(), site.clusters()
        site.clusters("deny", asking[0], "--because", f"who is {case}?")
    # And so it stays, whenever it comes.
    with knock(site, case.replace(" ", "-"), chain, key):
        eventually(lambda: f"who is {case}?" in site.said("agent"), lambda: site.words("agent"))
    assert not waiting(site)


def test_a_certificate_of_the_grid_is_let_in_and_rules_that_grow_stricter_break_no_member(site, grid):
    with knock(site, "key", *grid.site("Grid", "north")):
        site.is_said(", ready")
        assert all(word in site.line() for word in ("member", "owner developers", "data collaboration")), site.line()
        assert site.clusters("audit") == ""
    # The authority has leaked, and is not believed any more.
    path = site.state / "orrery.yaml"
    before = path.read_text()
    path.write_text(re.sub(r"admission: .*", "admission: [{rule: approve}]", before))
    try:
        assert "by the rule ca" in site.clusters("audit", status=1)
    finally:
        path.write_text(before)


def test_an_operator_decides_about_a_member_with_a_word_each(site, grid):
    """The agent comes back without its certificate: a member is asked for none."""
    with site.agent(site.join):
        site.is_said(", ready")
        for words, seen in [
            (["cordon"], "cordoned"), (["uncordon"], "schedulable"), (["drain", "--minutes", "60"], "draining"),
            (["uncordon"], "schedulable"), (["trust", "federation", "--data", "restricted"], "trust federation, data restricted"),
            (["suspend"], "suspended"), (["resume"], "member"),
        ]:
            verb, *more = words
            assert site.clusters(verb, "north", *more, "--because", f"the test says {verb}") == "done"
            assert seen in site.line(), (words, site.line())
            assert f"the test says {verb}" in site.clusters("show", "north"), words
        site.clusters("rotate", "north")
        eventually(lambda: "another key is shown" in site.said("agent"), lambda: site.words("agent"))
        site.is_said(", ready")


def test_a_site_that_has_lost_its_key_is_adopted_and_one_that_leaves_may_come_again(site):
    with contextlib.ExitStack() as agents:
        agents.enter_context(site.agent(site.join, key="fresh"))
        asking = eventually(lambda: waiting(site), lambda: site.clusters() + site.words("agent"))
        assert "has this key now" in site.clusters("adopt", asking[0], "north", "--because", "its disk was lost")
        eventually(lambda: "welcomed" in site.said("agent").split("waiting to be let in")[-1],
                   lambda: site.words("agent"))
        assert site.clusters("leave", "north", "--because", "the site takes it away") == "done"
        eventually(lambda: "the site takes it away" in site.said("agent"), lambda: site.words("agent"))
        assert " left" in site.line(), site.line()
    shutil.rmtree(site.state / "fresh")
    with site.agent(site.join, key="fresh"):
        asking = eventually(lambda: waiting(site), lambda: site.clusters() + site.words("agent"))
        given = site.clusters("approve", asking[0], "--owner", "developers", "--trust", "federation")
        assert given == "north-2 is a member", given
        site.is_said(", ready", name="north-2")
