"""What one client can take from the others: nothing. Slow, oversized and ambiguous requests, and the end under load."""

import csv
import re
import signal
import subprocess
import threading

import pytest

from demo import eventually
from origin import Origin, reply
from proxying import Proxy
from wire import Ended, connect


@pytest.fixture
def origin():
    with Origin(lambda *_: reply("x" * 2000)) as origin:
        yield origin


# Heads that are too long

LONG = [
    ("GET /" + "y" * 20_000 + " HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    ("GET /?" + "y" * 20_000 + " HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: h\r\nX: " + "y" * 40_000 + "\r\n\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: h\r\n" + "X: y\r\n" * 300 + "\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: h\r\n" + "X" * 40_000, 431),
    ("Y" * 40_000, 400),
]


@pytest.mark.parametrize("request_bytes, status", LONG, ids=lambda value: str(value)[:20])
def test_a_head_that_is_too_long_is_refused_and_the_connection_closed(origin, request_bytes, status):
    with Proxy("--default-target", origin.url) as proxy, proxy.connect() as stream:
        answer = stream.send(request_bytes).final()
        assert answer.status in (status, 431, 414) if status == 400 else answer.status == status
        assert answer["Connection"] == "close" and stream.rest() == b""
        assert not origin.requests


def test_what_is_just_short_enough_is_passed_on(origin):
    with Proxy("--default-target", origin.url) as proxy:
        path = "/" + "y" * 16_000
        assert proxy.get(path).status == 200 and origin.requests[-1].target == path
        assert proxy.get("/", "X: " + "y" * 30_000 + "\r\n").status == 200
        assert proxy.get("/", "".join(f"X-{each}: y\r\n" for each in range(190))).status == 200


# Requests that two servers would take apart differently: none of their bytes may reach the target

INNER = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
SMUGGLING = {
    "both lengths": f"Content-Length: 4\r\n{CHUNKED}\r\n\r\n0\r\n\r\n{INNER}",
    "both, the other order": f"{CHUNKED}\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{INNER}",
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(INNER)}\r\n\r\n{INNER}",
    "two equal lengths": f"Content-Length: 0\r\nContent-Length: 0\r\n\r\n{INNER}",
    "a list of lengths": f"Content-Length: 0, {len(INNER)}\r\n\r\n{INNER}",
    "a sign": f"Content-Length: +0\r\n\r\n{INNER}",
    "a negative one": f"Content-Length: -1\r\n\r\n{INNER}",
    "hexadecimal": f"Content-Length: 0x0\r\n\r\n{INNER}",
    "an underscore": f"Content-Length: 1_0\r\n\r\n{INNER}",
    "no length": f"Content-Length:\r\n\r\n{INNER}",
    "a huge length": f"Content-Length: 99999999999999999999999\r\n\r\n{INNER}",
    "a space before the colon": f"Content-Length : {len(INNER)}\r\n\r\n{INNER}",
    "a tab before the colon": f"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n{INNER}",
    "a continued line": f"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{INNER}",
    "an unknown coding": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{INNER}",
    "chunked twice": f"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n{INNER}",
    "two codings": f"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{INNER}",
    "a coding after chunked": f"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n{INNER}",
    "a comma first": f"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n{INNER}",
    "a byte before the coding": f"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n{INNER}",
    "a no-break space": f"Transfer-Encoding: \xa0chunked\r\n\r\n0\r\n\r\n{INNER}",
    "quotes": f'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n{INNER}',
    "a bare line feed": f"X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{INNER}",
    "a bare return": f"X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{INNER}",
    "a zero byte": f"X: y\0\r\n\r\n{INNER}",
    "an empty name": f": y\r\n\r\n{INNER}",
    "a chunk with a sign": f"{CHUNKED}\r\n\r\n+0\r\n\r\n{INNER}",
    "a chunk with 0x": f"{CHUNKED}\r\n\r\n0x0\r\n\r\n{INNER}",
    "a chunk with a space": f"{CHUNKED}\r\n\r\n 0\r\n\r\n{INNER}",
    "a chunk without a size": f"{CHUNKED}\r\n\r\n\r\n\r\n{INNER}",
    "a chunk of 2^64": f"{CHUNKED}\r\n\r\n10000000000000000\r\n\r\n{INNER}",
    "a chunk that ends with a line feed": f"{CHUNKED}\r\n\r\n0\n\r\n{INNER}",
    "a chunk longer than it says": f"{CHUNKED}\r\n\r\n1\r\nabc\r\n0\r\n\r\n{INNER}",
    "a line feed in an extension": f"{CHUNKED}\r\n\r\n0;a\nb\r\n\r\n{INNER}",
    "a second host": f"Host: other\r\n\r\n{INNER}",
}


@pytest.mark.parametrize("rest", SMUGGLING.values(), ids=SMUGGLING)
def test_nothing_is_smuggled(rest):
    with Origin(lambda *_: reply("x")) as origin, Proxy("--default-target", origin.url) as proxy:
        with proxy.connect() as stream:
            stream.send(b"POST /outer HTTP/1.1\r\nHost: h\r\n" + rest.encode("latin-1"))
            got = stream.rest()
        assert got.count(b"HTTP/1.1 ") == 1 and got.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), got
        assert b"smuggled" not in b"".join(request.raw for request in origin.requests)
        # The connections that are kept to the target were not left in the middle of something.
        assert [proxy.get(f"/{each}").text for each in range(5)] == ["x"] * 5
        assert [each.target for each in origin.requests if each.target != "/outer"] == [f"/{each}" for each in range(5)]


LINES = [
    "GET  / HTTP/1.1",
    "GET / HTTP/1.1 ",
    " GET / HTTP/1.1",
    "GET /\tHTTP/1.1",
    "GET / http/1.1",
    "GET / HTTP/1.2",
    "GET / HTTP/2.0",
    "GET /",
    "G(T / HTTP/1.1",
    "GET x HTTP/1.1",
    "CONNECT h:1 HTTP/1.1",
    "GET http://other/ HTTP/1.1",
    "GET http://u@h/ HTTP/1.1",
]


@pytest.mark.parametrize("line", LINES)
def test_a_request_line_that_is_none_is_refused(origin, line):
    with Proxy("--default-target", origin.url) as proxy:
        assert proxy.send(f"{line}\r\nHost: h\r\n\r\n").status in (400, 405, 501, 505)
        assert not origin.requests


# Slow clients. The attacker is slowhttptest, which also asks all the time whether somebody else is served.

SLOW = {
    "slow headers": ["-H", "-i", "1"],
    "slow body": ["-B", "-i", "1", "-s", "8192"],
    "slow reading": ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "16", "-k", "3"],
    "ranges": ["-R", "-a", "1", "-b", "500"],
}


@pytest.mark.parametrize("options", SLOW.values(), ids=SLOW)
def test_slow_clients_keep_nobody_else_from_being_served(options, tmp_path):
    page = reply("x" * 200_000)
    with Origin(lambda *_: page) as origin, Proxy("--default-target", origin.url) as proxy:
        before = proxy.descriptors()
        attack = [
            "slowhttptest",
            *options,
            "-c",
            "400",
            "-r",
            "200",
            "-l",
            "4",
            "-p",
            "5",
            "-u",
            f"{proxy.url}/",
            "-g",
            "-o",
            tmp_path / "slow",
        ]
        attacker = subprocess.Popen(list(map(str, attack)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        others = 0
        while attacker.poll() is None:
            answer = proxy.get("/somebody/else")
            assert answer.status == 200 and len(answer.body) == 200_000
            others += 1
        rows = list(csv.DictReader(open(tmp_path / "slow.csv")))
        assert others and rows
        assert not [row for row in rows if row["Service Available"].strip() == "0"], rows
        # All that the attack left goes away once it ends: nothing waits for those who are gone.
        eventually(
            lambda: proxy.descriptors() <= before + 8, lambda: f"{proxy.descriptors()} descriptors, {before} before", 30
        )


def test_a_head_that_does_not_come_to_its_end_is_408(origin):
    with Proxy("--head-seconds", "1", "--default-target", origin.url) as proxy:
        for begun in ("G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX-A: b\r\n"):
            with proxy.connect() as stream:
                answer = stream.send(begun).final()
                assert (answer.status, answer["Connection"]) == (408, "close") and stream.rest() == b""
        # Bytes now and then do not help: it is the whole head that has its time.
        with proxy.connect() as stream, pytest.raises((BrokenPipeError, ConnectionResetError)):
            stream.send("GET / HTTP/1.1\r\n")
            for _ in range(400):
                stream.send("X: y\r\n")
                threading.Event().wait(0.05)


def test_one_address_has_its_share_of_connections(origin):
    with Proxy("--connections-per-address", "20", "--workers", "2", "--default-target", origin.url) as proxy:
        streams = []
        while len(streams) < 20:
            # The connections of whoever looked whether it listens may still be counted.
            streams.append(proxy.connect())
            if status(streams[-1]) != 200:
                streams.pop().socket.close()
        for _ in range(5):
            with proxy.connect() as one_more:
                assert status(one_more) == 429 and one_more.rest() == b""
        assert [status(stream) for stream in streams] == [200] * 20
        for stream in streams:
            stream.socket.close()
        eventually(lambda: answers(proxy), "somebody is served once they are gone")


def status(stream):
    return stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final().status


def test_a_client_that_takes_nothing_is_cut():
    page = reply("x" * 50_000_000)
    with Origin(lambda *_: page) as origin, Proxy("--stall-seconds", "1", "--default-target", origin.url) as proxy:
        with proxy.connect() as stream:
            stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            eventually(lambda: origin.requests, "its target is asked")
            eventually(lambda: not origin.open, "its target is let go")
            assert len(stream.rest()) < 50_000_000


def test_a_target_that_does_not_answer_is_504():
    silence = threading.Event()
    with Origin(lambda *_: silence.wait(30) and None) as origin:
        with Proxy("--answer-seconds", "1", "--default-target", origin.url) as proxy:
            assert proxy.get("/").status == 504
        silence.set()


def answers(proxy):
    try:
        return proxy.get("/").status == 200
    except (Ended, OSError):
        return False


# The end


class Client(threading.Thread):
    """Asks one request after the other, over connections that it keeps as long as it may, until nobody listens."""

    def __init__(self, place, size):
        super().__init__()
        self.place, self.size, self.served, self.failed = place, size, 0, None
        self.start()

    def run(self):
        try:
            while True:
                try:
                    stream = connect(self.place)
                except ConnectionRefusedError:
                    return
                with stream:
                    while self.ask(stream):
                        pass
        except Exception as error:  # noqa: BLE001 - the test tells which
            self.failed = error

    def ask(self, stream):
        answer = stream.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc").final()
        assert answer.status == 200 and len(answer.body) == self.size, answer
        self.served += 1
        return answer["Connection"] != "close"


@pytest.mark.parametrize("size", [10, 500_000])
def test_the_end_under_load_fails_no_request(size):
    page = reply("x" * size)
    with Origin(lambda *_: page) as origin, Proxy("--drain-seconds", "20", "--default-target", origin.url) as proxy:
        clients = [Client(proxy.place, size) for _ in range(16)]
        eventually(lambda: all(client.served > 5 for client in clients), lambda: [client.failed for client in clients])
        assert proxy.end(signal.SIGTERM) == 2
        for client in clients:
            client.join(30)
        assert [client.failed for client in clients] == [None] * len(clients)


def test_wrk_sees_no_failure_at_the_end(origin):
    with Proxy("--drain-seconds", "20", "--default-target", origin.url) as proxy:
        load = subprocess.Popen(
            ["wrk", "-t", "1", "-c", "16", "-d", "4", f"{proxy.url}/"], stdout=subprocess.PIPE, text=True
        )
        eventually(lambda: len(origin.requests) > 200, "wrk is at work")
        assert proxy.end(signal.SIGTERM) == 2
        said = load.communicate(timeout=30)[0]
        # After the end it finds nobody listening, which it counts as failed writes; a lost answer is a read.
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
        assert "Non-2xx" not in said and (errors is None or errors[2] == "0"), said
        assert int(re.search(r"(\d+) requests in", said)[1]) > 200


def test_a_download_is_brought_to_its_end_and_a_second_signal_is_believed():
    body = b"x" * 30_000_000
    options = ["--drain-seconds", "30"]
    with Origin(lambda *_: reply(body)) as origin, Proxy(*options, "--default-target", origin.url) as proxy:
        with proxy.connect() as stream:
            stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").until(b"\r\n\r\n")
            proxy.process.send_signal(signal.SIGTERM)
            eventually(lambda: not listens(proxy.place), "nobody new is let in")
            assert stream.exactly(len(body)) == body
        assert proxy.process.wait(20) == 2
        proxy.start()
        with proxy.connect() as stream:
            stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").until(b"\r\n\r\n")
            proxy.process.send_signal(signal.SIGTERM)
            eventually(lambda: not listens(proxy.place), "the first one is heard")
            assert proxy.end(signal.SIGTERM) == 2


def listens(place):
    try:
        connect(place).socket.close()
        return True
    except OSError:
        return False
