"""What a target is sent and what comes back: configurable-http-proxy's fields and options, without its defects."""

import json

import pytest

from origin import Origin, WebSocket, reply
from proxying import Proxy


@pytest.fixture(scope="module")
def origin():
    with Origin() as origin:
        yield origin


@pytest.fixture(scope="module")
def proxy(origin):
    with Proxy("--default-target", origin.url) as proxy:
        yield proxy


def received(origin):
    return origin.requests[-1]


def test_what_is_said_about_the_client(proxy, origin):
    proxy.get("/x", host="hub.example:8443")
    request = received(origin)
    assert request.start == "GET /x HTTP/1.1"
    said = {
        "Host": "hub.example:8443",
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Host": "hub.example:8443",
        "Via": "1.1 orrery-proxy",
    }
    assert {name: request[name] for name in said} == said


def test_what_proxies_before_said_stands_first(proxy, origin):
    proxy.get(
        "/",
        "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"
        "X-Forwarded-Host: hub\r\nVia: 1.0 first\r\n",
    )
    request = received(origin)
    assert [request[f"X-Forwarded-{name}"].replace(", ", ",") for name in ("For", "Proto", "Host")] == [
        "10.0.0.1,127.0.0.1",
        "https,http",
        "hub",
    ]
    assert request["X-Forwarded-Port"].replace(", ", ",") == f"443,{proxy.port}"
    assert [name.strip() for line in request.all("Via") for name in line.split(",")] == [
        "1.0 first",
        "1.1 orrery-proxy",
    ]


def test_a_websocket_is_said_to_be_one(proxy, origin):
    with proxy.connect() as stream:
        assert WebSocket.opened(stream, "/ws").answer.status == 101
    # The first element is what a hub goes by; over a WebSocket configurable-http-proxy says `ws` there.
    assert received(origin)["X-Forwarded-Proto"] in ("ws", "http")


def test_without_forwarding_nothing_is_added_and_what_came_stays(origin):
    with Proxy("--no-x-forward", "--default-target", origin.url) as proxy:
        proxy.get("/")
        assert not [name for name, _ in received(origin).fields if name.lower().startswith("x-forwarded")]
        proxy.get("/", "X-Forwarded-For: 10.0.0.1\r\n")
        assert received(origin)["X-Forwarded-For"] == "10.0.0.1"


def test_the_host_can_be_the_targets(origin):
    with Proxy("--change-origin", "--default-target", origin.url) as proxy:
        proxy.get("/", host="hub.example")
        assert received(origin)["Host"] == f"127.0.0.1:{origin.port}"
        assert received(origin)["X-Forwarded-Host"] == "hub.example"


def test_fields_of_our_own_replace_the_requests(origin):
    options = [
        "--custom-header",
        "k1: v1",
        "--custom-header",
        " k2 : host:123 ",
        "--custom-header=X-Asked: ours",
        "--default-target",
        origin.url,
    ]
    with Proxy(*options) as proxy:
        proxy.get("/", "x-asked: theirs\r\nX-Asked: again\r\nOther: kept\r\nConnection: k1, x-asked\r\n")
        request = received(origin)
        assert [request.all(name) for name in ("k1", "k2", "X-Asked", "Other")] == [
            ["v1"],
            ["host:123"],
            ["ours"],
            ["kept"],
        ]
    with Proxy("--custom-header", "Host: inner", "--default-target", origin.url) as proxy:
        proxy.get("/")
        assert received(origin).all("Host") == ["inner"]


def test_fields_for_one_hop_end_here(proxy, origin):
    proxy.get(
        "/",
        "Connection: keep-alive, X-Foo\r\nX-Foo: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: x\r\n"
        "Proxy-Authorization: Basic eA==\r\nX-Bar: 2\r\n",
    )
    request = received(origin)
    for name in ("X-Foo", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization"):
        assert request[name] is None, name
    assert request["X-Bar"] == "2" and request["TE"] in (None, "trailers")


def test_what_connection_names_cannot_take_away_who_asks(proxy, origin):
    proxy.get(
        "/",
        "Cookie: a=b\r\nAuthorization: token x\r\n"
        "Connection: Host, Cookie, Authorization, X-Forwarded-For, Content-Length\r\n",
    )
    request = received(origin)
    assert (request["Cookie"], request["Authorization"], request["X-Forwarded-For"]) == ("a=b", "token x", "127.0.0.1")


def test_names_that_servers_take_for_others_end_here(proxy, origin):
    # With WSGI and its kin `X_Forwarded_For` is `X-Forwarded-For`.
    proxy.get("/", "X_Forwarded_For: 6.6.6.6\r\nRemote_User: root\r\nRemote-User: kept\r\n")
    names = [name for name, _ in received(origin).fields]
    assert "Remote-User" in names and not [name for name in names if "_" in name]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_body_keeps_its_frame_whatever_the_method(proxy, origin, method, framing):
    # DELETE and OPTIONS with chunks are how requests are smuggled through configurable-http-proxy.
    inner = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
    with proxy.connect() as stream:
        stream.send(f"{method} /body HTTP/1.1\r\nHost: h\r\n")
        if framing == "length":
            stream.send(f"Content-Length: {len(inner)}\r\n\r\n", inner)
        else:
            stream.send(f"Transfer-Encoding: chunked\r\n\r\n{len(inner):x}\r\n", inner, "\r\n0\r\n\r\n")
        assert json.loads(stream.final().body)["url"] == "/body"
    assert (received(origin).method, received(origin).body) == (method, inner)
    assert "/smuggled" not in [request.target for request in origin.requests]


def test_connections_to_a_target_are_kept():
    seen = set()

    def answer(origin, request):
        seen.add(len(origin.open))
        return reply("x")

    with Origin(answer) as origin, Proxy("--default-target", origin.url, "--workers", "1") as proxy:
        for _ in range(20):
            assert proxy.get("/").status == 200
        assert seen == {1}
