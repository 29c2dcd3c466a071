"""WebSockets and other upgrades, when `last_activity` moves, and targets and listeners of other kinds."""

import json

import pytest

from demo import eventually
from origin import Origin, WebSocket
from proxying import Authority, Proxy
from wire import connect


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


# WebSockets


def test_a_websocket_says_hello_and_echoes(proxy):
    with proxy.connect() as stream:
        socket = WebSocket.opened(stream, "/user/ada/channels?session=1")
        assert socket.answer.status == 101 and socket.answer["Upgrade"] == "websocket"
        assert socket.answer["Sec-WebSocket-Accept"] == "ICX+Yqv66kxgM0FcWaLWlFLwTAI="
        assert socket.receive() == (1, b"connected")
        for size in (1, 200, 70_000):
            socket.send("x" * size)
            assert json.loads(socket.receive()[1]) == {"url": "/user/ada/channels?session=1", "message": "x" * size}
        socket.send(b"\x03\xe8", 8)
        assert socket.receive() == (8, b"\x03\xe8")
        assert stream.rest() == b""


def test_bytes_sent_before_the_switch_arrive_after_it(proxy):
    # configurable-http-proxy loses them.
    with proxy.connect() as stream:
        stream.send(
            "GET /early HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            b"\x81\x82\0\0\0\0hi",
        )
        assert stream.final().status == 101
        socket = WebSocket(stream, masks=True)
        assert socket.receive() == (1, b"connected")
        assert json.loads(socket.receive()[1])["message"] == "hi"


def test_a_refused_upgrade_is_relayed_and_closed():
    def answer(origin, request):
        return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"

    with Origin(answer) as origin, Proxy("--default-target", origin.url) as proxy, proxy.connect() as stream:
        stream.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
        refused = stream.final()
        assert (refused.status, refused.body) == (403, b"no")


def test_an_upgrade_to_http2_is_not_passed_on(proxy, origin):
    proxy.get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n")
    assert received(origin)["Upgrade"] is None and received(origin)["HTTP2-Settings"] is None


# When last_activity moves


def test_activity_moves_with_answers_below_300_and_with_what_clients_send():
    def answer(origin, request):
        status = request.target.rpartition("/")[2]
        return f"HTTP/1.1 {status if status.isdigit() else 200} x\r\nContent-Length: 0\r\n\r\n".encode()

    with Origin(answer) as origin, Proxy() as proxy:
        proxy.route("/a", origin.url)
        proxy.route("/other", origin.url)
        other = proxy.activity("/other")

        def moves(act):
            """Whether the time moves, given as long as its clock of milliseconds needs."""
            before = proxy.activity("/a")
            for _ in range(25):
                act()
                if proxy.activity("/a") != before:
                    return True
            return False

        assert moves(lambda: proxy.get("/a/200")) and moves(lambda: proxy.get("/a/204"))
        for status in (301, 304, 404, 500):
            assert not moves(lambda: proxy.get(f"/a/{status}")), status
        with proxy.connect() as stream:
            stream.send("PUT /a/404 HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n")
            assert moves(lambda: stream.send(b"x" * 10))
        with proxy.connect() as stream:
            socket = WebSocket.opened(stream, "/a/ws")
            assert socket.receive() == (1, b"connected")

            def echo():
                socket.send("ping")
                socket.receive()

            assert moves(echo)
        assert proxy.activity("/other") == other


def test_activity_stays_when_the_target_is_dead():
    with Origin() as origin:
        dead = origin.url
    with Proxy() as proxy:
        proxy.route("/a", dead)
        before = proxy.activity("/a")
        for _ in range(10):
            assert proxy.get("/a/x").status == 503
            with proxy.connect() as stream:
                assert WebSocket.opened(stream, "/a/ws").answer.status == 503
        assert proxy.activity("/a") == before


# Targets and listeners of other kinds


def test_a_target_may_be_a_unix_socket(tmp_path):
    with Origin(path=tmp_path / "a.sock", name="unix") as origin, Proxy() as proxy:
        proxy.route("/a", origin.url)
        assert json.loads(proxy.get("/a/x").body)["name"] == "unix"
        proxy.route("/b", origin.url.replace("http+unix", "unix+http"))
        assert proxy.get("/b/x").status == 200


def test_the_proxy_may_listen_at_unix_sockets(origin, tmp_path):
    public, api = tmp_path / "public.sock", tmp_path / "api.sock"
    with Proxy(
        "--socket", public, "--api-socket", api, "--default-target", origin.url, public=public, api=api
    ) as proxy:
        assert proxy.get("/x", host="h").status == 200
        assert list(proxy.routes()) == ["/"]
        with connect(public) as stream:
            socket = WebSocket.opened(stream, "/ws")
            assert socket.receive() == (1, b"connected")
            socket.send("hi")
            assert json.loads(socket.receive()[1])["message"] == "hi"
        proxy.end()
        eventually(lambda: not public.exists() and not api.exists(), "the sockets are unlinked")


def test_targets_over_tls_are_verified(tmp_path):
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    key, certificate = ours.issue("client")
    options = ["--client-ssl-key", key, "--client-ssl-cert", certificate, "--client-ssl-ca", ours.certificate]
    server = ours.server(ours.issue("server"), asks=True)
    with (
        Origin(tls=server) as origin,
        Origin(tls=theirs.server(theirs.issue("foreign"))) as foreign,
        Proxy(*options) as proxy,
    ):
        proxy.route("/a", origin.url)
        proxy.route("/b", foreign.url)
        assert json.loads(proxy.get("/a/x").body)["url"] == "/a/x"
        with proxy.connect() as stream:
            assert WebSocket.opened(stream, "/a/ws").receive() == (1, b"connected")
        assert proxy.get("/b/x").status in (502, 503) and not foreign.requests
    with Origin(tls=server) as origin, Proxy("--default-target", origin.url) as proxy:
        assert proxy.get("/").status in (502, 503) and not origin.requests


def test_insecure_takes_any_certificate(tmp_path):
    # In configurable-http-proxy 5 it has no effect.
    authority = Authority(tmp_path)
    with (
        Origin(tls=authority.server(authority.issue("server"))) as origin,
        Proxy("--insecure", "--default-target", origin.url) as proxy,
    ):
        assert json.loads(proxy.get("/x").body)["url"] == "/x"
