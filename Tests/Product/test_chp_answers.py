"""What comes back from a target: whole, in the frame that the client can read, or recognisably broken."""

import pytest

from origin import Origin, reply
from proxying import Proxy
from wire import Ended


@pytest.fixture(scope="module")
def proxy():
    with Origin() as origin, Proxy("--default-target", origin.url) as proxy:
        yield proxy


def test_a_connection_is_kept_for_the_next_request(proxy):
    with proxy.connect() as stream:
        for _ in range(3):
            answer = stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final()
            assert answer.status == 200 and answer["Connection"] in (None, "keep-alive")
        assert stream.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").final()["Connection"] == "close"
        assert stream.rest() == b""


ANSWERS = [
    (b"HTTP/1.1 200 Fine By Me\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok", b"ok"),
    (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n", b""),
    (b"HTTP/1.1 404 Not Here\r\nContent-Length: 4\r\n\r\ngone", b"gone"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    (b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 100\r\n\r\n', b""),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", b"until the end"),
    (b"HTTP/1.0 200 OK\r\n\r\nof old", b"of old"),
    (b"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", b"x"),
]


@pytest.mark.parametrize("sent, body", ANSWERS)
def test_an_answer_arrives_as_it_was_sent(sent, body):
    closes = b"Content-Length" not in sent and b"chunked" not in sent and b" 204 " not in sent
    with Origin(lambda *_: [sent, None] if closes else sent) as origin, Proxy("--default-target", origin.url) as proxy:
        with proxy.connect() as stream:
            answer = stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final()
            assert (answer.status, answer.body) == (int(sent[9:12]), body)
            assert (
                answer.start.partition(" ")[2].rstrip() == sent.split(b"\r\n")[0].partition(b" ")[2].decode().rstrip()
            )
            for name in ("X-Kept", "Set-Cookie", "ETag"):
                assert answer.all(name) == [
                    line.partition(": ")[2] for line in sent.decode().split("\r\n") if line.startswith(name + ":")
                ]
            assert len(answer.all("Date")) == 1
            # Whatever the target's end was, ours goes on.
            assert stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final().body == body


def test_the_answer_to_head_has_no_body():
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with (
        Origin(lambda _, request: sent if request.method == "HEAD" else reply("next")) as origin,
        Proxy("--default-target", origin.url) as proxy,
    ):
        with proxy.connect() as stream:
            assert stream.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n").final("HEAD")["Content-Length"] == "1000"
            assert stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final().text == "next"


def test_interim_answers_and_trailers_pass():
    sent = (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n"
    )
    with Origin(lambda *_: sent) as origin, Proxy("--default-target", origin.url) as proxy, proxy.connect() as stream:
        stream.send("GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
        early, last = stream.answer(), stream.answer()
        assert (early.status, early["Link"]) == (103, "</a.css>; rel=preload")
        assert (last.status, last.body) == (200, b"x")
        assert last.trailer in (b"X-Sum: 7\r\n", b"") and (last.trailer or last["Trailer"] is None)


def test_expected_continues_come_from_the_target():
    seen = []

    def answer(origin, request):
        seen.append((request["Expect"], request.body))
        return reply("done")

    with Origin(answer) as origin, Proxy("--default-target", origin.url) as proxy, proxy.connect() as stream:
        stream.send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", "abc")
        assert stream.final().text == "done"
    assert seen[0][1] == b"abc"


BROKEN = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nfive!", "cut"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive!\r\n", "cut"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive!\r\nzz\r\n", "cut"),
    (b"", 502),
    (b"HTTP/1.1 200 OK\r\nContent-Le", 502),
    (b"nonsense\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", 502),
    (b"HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 0\r\n\r\n", 502),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", 502),
]


@pytest.mark.parametrize("sent, status", BROKEN)
def test_a_broken_answer_is_never_taken_for_a_whole_one(sent, status):
    with (
        Origin(lambda *_: [sent, None]) as origin,
        Proxy("--default-target", origin.url) as proxy,
        proxy.connect() as stream,
    ):
        stream.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        if status == "cut":
            with pytest.raises((Ended, ConnectionResetError)):
                stream.final()
        else:
            assert stream.final().status == status


# Location


def redirecting(location, status=302):
    return Origin(lambda *_: f"HTTP/1.1 {status} x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


MOVED = [
    ([], 302, "https://{target}/whatever", "https://{target}/whatever"),
    (["--auto-rewrite", "--protocol-rewrite", "https"], 302, "http://{target}/whatever", "https://{public}/whatever"),
    (["--auto-rewrite"], 301, "http://{target}/whatever?x", "http://{public}/whatever?x"),
    (["--auto-rewrite"], 201, "http://{target}/whatever", "http://{public}/whatever"),
    (["--auto-rewrite"], 308, "http://{target}/", "http://{public}/"),
    (["--auto-rewrite"], 200, "http://{target}/whatever", "http://{target}/whatever"),
    (["--auto-rewrite"], 302, "http://elsewhere:1/whatever", "http://elsewhere:1/whatever"),
    (["--auto-rewrite"], 302, "/relative", "/relative"),
    (["--protocol-rewrite", "https"], 307, "http://{target}/whatever", "https://{target}/whatever"),
]


@pytest.mark.parametrize("options, status, sent, got", MOVED)
def test_a_location_is_rewritten_when_asked_for(options, status, sent, got):
    with redirecting("") as origin, Proxy(*options) as proxy:
        names = {"target": f"127.0.0.1:{origin.port}", "public": f"127.0.0.1:{proxy.port}"}
        origin.answer_to = lambda *_: (
            f"HTTP/1.1 {status} x\r\nLocation: {sent.format(**names)}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        proxy.route("/external/urlpath/", origin.url + "/internal/urlpath/")
        assert proxy.get("/external/urlpath/")["Location"] == got.format(**names)
