"""Those who use the proxy in the soak. Each function is one round of one kind of use; it fails by assertion.

Whoever uses `steady` accepts nothing but its exact bytes. Whoever uses `crashing` notes what went wrong and when; the
driver excuses that only if the server was down then.
"""

import hashlib
import json
import pathlib
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Product"))
from origin import WebSocket  # noqa: E402
from origins import BLOCK  # noqa: E402
from wire import Ended, connect  # noqa: E402

GONE = (Ended, OSError)  # ways in which a connection ends


class Way:
    """How an actor reaches one proxy."""

    def __init__(self, place, api_place, token, tls, block, pages):
        self.place, self.api_place, self.token, self.tls, self.block, self.pages = (
            place,
            api_place,
            token,
            tls,
            block,
            pages,
        )

    def connect(self):
        return connect(self.place, self.tls)

    def api(self, method, path, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        with connect(self.api_place) as stream:
            stream.send(
                f"{method} /api/routes{path} HTTP/1.1\r\nHost: h\r\nAuthorization: token {self.token}\r\n"
                f"Content-Length: {len(data)}\r\n\r\n",
                data,
            )
            return stream.final(method)


def ask(path, method="GET", fields="", body=None, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    length = f"Content-Length: {len(body)}\r\n" if body is not None else ""
    return (f"{method} {path}?{text} HTTP/1.1\r\nHost: soak.test\r\n{fields}{length}\r\n").encode() + (body or b"")


def piece(way, random, most):
    """A slice of the content, mostly small: (its place in a query, its bytes)."""
    size = random.choice([0, 1, random.randrange(300), random.randrange(20_000), random.randrange(most)])
    offset = random.randrange(BLOCK - size)
    return {"size": size, "offset": offset}, way.block[offset : offset + size]


def is_whole(answer, body, name="steady"):
    assert answer.status == 200, answer
    assert answer["X-From"] == name, answer
    assert answer.body == body, f"{len(answer.body)} bytes of another content than {len(body)} expected: {answer}"


def reset(stream):
    """Closes so that the other side sees a reset."""
    raw = stream.socket
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def small(way, random):
    with way.connect() as stream:
        for _ in range(random.randrange(1, 40)):
            query, body = piece(way, random, 20_000)
            method = random.choice(["GET", "GET", "GET", "HEAD", "DELETE", "OPTIONS"])
            stream.send(ask("/steady/api", method, form=random.choice(["length", "chunks"]), **query))
            is_whole(stream.final(method), b"" if method == "HEAD" else body)


def ends_of_connections(way, random):
    """Answers that end with their connection, requests that say close, and old clients."""
    query, body = piece(way, random, 200_000)
    with way.connect() as stream:
        said = random.choice(["Connection: close\r\n", ""])
        stream.send(ask("/steady/x", fields=said, form="close", **query))
        is_whole(stream.final(), body)
        if said:
            assert stream.rest() == b""
        else:
            stream.send(ask("/steady/x", **query))
            is_whole(stream.final(), body)


def download(way, random):
    with way.connect() as stream:
        for _ in range(random.randrange(1, 4)):
            query, body = piece(way, random, BLOCK)
            stream.send(ask("/steady/files", form=random.choice(["length", "chunks"]), **query))
            is_whole(stream.final(), body)


def chunks(body, random):
    at, parts = 0, []
    while at < len(body):
        step = random.choice([1, random.randrange(1, 100), random.randrange(1, 100_000)])
        data = body[at : at + step]
        parts.append(b"%x\r\n%b\r\n" % (len(data), data))
        at += step
        if len(parts) > 200:
            parts.append(b"%x\r\n%b\r\n" % (len(body) - at, body[at:]) if at < len(body) else b"")
            break
    return parts + [b"0\r\n\r\n"]


def upload(way, random):
    with way.connect() as stream:
        for _ in range(random.randrange(1, 4)):
            _, body = piece(way, random, BLOCK)
            digest = hashlib.sha256(body).hexdigest()
            if random.random() < 0.5:
                stream.send(ask("/steady/up", "PUT", body=body, sum=digest))
            else:
                stream.send(ask("/steady/up", "PUT", "Transfer-Encoding: chunked\r\n", sum=digest))
                for part in chunks(body, random):
                    stream.send(part)
            is_whole(stream.final(), b"")


def pipeline(way, random):
    queries = [piece(way, random, 50_000) for _ in range(random.randrange(2, 30))]
    with way.connect() as stream:
        stream.send(
            *(
                ask("/steady/p", body=b"x" * random.choice([0, 10, 5000]), method="POST", **query)
                for query, _ in queries
            )
        )
        for _, body in queries:
            is_whole(stream.final(), body)


def websocket(way, random):
    with way.connect() as stream:
        echo = WebSocket.opened(stream, "/steady/ws")
        assert echo.answer.status == 101, echo.answer
        assert echo.receive() == (1, b"connected")
        for _ in range(random.randrange(1, 30)):
            text = "x" * random.choice([0, 1, 125, 126, 1000, random.randrange(200_000)])
            echo.send(text)
            kind, data = echo.receive()
            assert kind == 1 and json.loads(data)["message"] == text
        if random.random() < 0.5:
            echo.send(b"\x03\xe8", 8)
            assert echo.receive() == (8, b"\x03\xe8")
            assert stream.rest() == b""
        elif random.random() < 0.5:
            reset(stream)


def slow_reader(way, random):
    query, body = piece(way, random, BLOCK // 4)
    with way.connect() as stream:
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.send(ask("/steady/slow", **query))
        for _ in range(20):
            if len(stream.pending) >= len(body):
                break
            time.sleep(0.02)  # being slow is this actor's part
            stream.pending += stream.socket.recv(random.randrange(1, 3000))
        is_whole(stream.final(), body)


def slow_writer(way, random):
    query, body = piece(way, random, 3000)
    request = ask("/steady/slow", "POST", body=body, sum=hashlib.sha256(body).hexdigest(), **query)
    with way.connect() as stream:
        while request:
            count = random.randrange(1, max(2, len(request) // 10))
            stream.send(request[:count])
            request = request[count:]
            time.sleep(0.01)  # being slow is this actor's part
        is_whole(stream.final(), body)


def leaver(way, random):
    """Goes away at any point: while asking, while being answered, out of a WebSocket; politely or by a reset."""
    query, _ = piece(way, random, BLOCK)
    request = random.choice(
        [
            ask("/steady/gone", form=random.choice(["length", "chunks", "close"]), **query),
            ask("/steady/gone", "PUT", "Transfer-Encoding: chunked\r\n") + b"fffff\r\n" + way.block[:200_000],
            ask("/steady/gone", "PUT", "Content-Length: 9000000\r\n") + way.block[: random.randrange(400_000)],
            ask(
                "/steady/gone",
                fields="Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
            )
            + b"\x81\x05ab",
        ]
    )
    stream = way.connect()
    try:
        stream.send(request[: random.randrange(1, len(request) + 1)])
        if random.random() < 0.7:
            stream.socket.settimeout(random.choice([0.001, 0.01, 0.1]))
            for _ in range(random.randrange(8)):
                stream.socket.recv(random.randrange(1, 100_000))
    except GONE:
        pass
    finally:
        if random.random() < 0.5:
            reset(stream)
        stream.socket.close()


def half_closer(way, random):
    """Ends its side after asking, as old clients and `nc -N` do, and still gets its answer."""
    query, body = piece(way, random, 100_000)
    if way.tls:
        return
    with way.connect() as stream:
        stream.send(ask("/steady/half", **query))
        stream.socket.shutdown(socket.SHUT_WR)
        is_whole(stream.final(), body)


FAULTS = {
    "cut": "cut",
    "chunk": "cut",
    "nothing": 502,
    "garbage": 502,
    "half-head": 502,
    "lengths": 502,
    "surplus": 200,
}


def faults(way, random):
    """A server that answers wrongly harms nobody else, and its own client is told."""
    kind, cause = random.choice(list(FAULTS.items()))
    query, body = piece(way, random, 100_000)
    with way.connect() as stream:
        # A POST with a body: nothing may be repeated, so one fault is one answer.
        stream.send(ask("/steady/fault", "POST", body=b"x", fault=kind, **query))
        try:
            answer = stream.final()
        except GONE:
            assert cause == "cut", f"{kind}: the connection ended instead of {cause}"
            return
        assert cause == answer.status, f"{kind}: {answer}"
        if cause == 200:
            is_whole(answer, body)
        stream.send(ask("/steady/after", **query))
        is_whole(stream.final(), body)


def early(way, random):
    """An upload that is refused while it comes: the refusal arrives, or the connection ends; nothing else."""
    try:
        with way.connect() as stream:
            stream.send(ask("/steady/early", "PUT", fault="early", body=way.block[: random.randrange(BLOCK)]))
            assert stream.final().status == 413
    except GONE:
        pass


BAD = [
    (b"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
    (b"GET /../x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
    (b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    (b"\r\n\r\n\r\nnonsense\r\n\r\n", 400),
]


def bad_requests(way, random):
    request, status = random.choice(BAD)
    with way.connect() as stream:
        try:
            stream.send(request)
            assert stream.final().status == status, request[:60]
        except GONE as error:
            # What it says before it closes is lost when it had not read all that we sent.
            assert len(request) > 10_000 and isinstance(error, OSError), (request[:60], error)


def churn(way, random):
    """A route of our own is there from its answer on, and gone from its answer on, whatever others do to theirs."""
    path, key = f"/churn/{random.getrandbits(64):x}", random.choice(["", "/deeper", "/%C3%BC"])
    steady = json.loads(way.api("GET", "/steady").body)["target"]
    for other in range(random.randrange(20)):
        assert way.api("POST", f"{path}/{other}", {"target": "http://127.0.0.1:9", "user": "ü"}).status == 201
    assert way.api("POST", path + key, {"target": steady}).status == 201
    query, body = piece(way, random, 5000)
    with way.connect() as stream:
        is_whole(stream.send(ask(f"{path}{key}/x", **query)).final(), body)
        assert way.api("DELETE", path + key).status == 204
        answer = stream.send(ask(f"{path}{key}/x", **query)).final()
        assert answer.status == 404 and answer["X-From"] is None, answer
        assert not way.pages or answer.body.startswith(b"page of " + path.encode()), answer
    for other in range(20):
        assert way.api("DELETE", f"{path}/{other}").status in (204, 404)


def crashing(way, random):
    """Uses the server that is killed again and again. Returns what went wrong: the driver knows when it was down."""
    query, body = piece(way, random, 300_000)
    method = random.choice(["GET", "POST"])
    began = time.monotonic()
    try:
        with way.connect() as stream:
            stream.send(
                ask(
                    "/crashing/x",
                    method,
                    body=b"x" * random.choice([0, 100, 100_000]) if method == "POST" else None,
                    **query,
                )
            )
            answer = stream.final()
        if answer.status == 200:
            return is_whole(answer, body, "crashing")
        assert answer.status in (502, 503) and answer["X-From"] is None, answer
        trouble = str(answer.status)
    except GONE as error:
        trouble = f"cut ({error})"
    return began, time.monotonic(), trouble


def crashing_websocket(way, random):
    began = time.monotonic()
    try:
        with way.connect() as stream:
            echo = WebSocket.opened(stream, "/crashing/ws")
            if echo.answer.status != 101:
                assert echo.answer.status in (502, 503), echo.answer
                return began, time.monotonic(), str(echo.answer.status)
            echo.receive()
            for _ in range(random.randrange(50)):
                echo.send("x" * random.randrange(1000))
                assert json.loads(echo.receive()[1])["url"] == "/crashing/ws"
                time.sleep(0.01)  # so that it lives when the server dies
    except GONE as error:
        return began, time.monotonic(), f"cut ({error})"


ACTORS = {
    each.__name__: each
    for each in (
        small,
        ends_of_connections,
        download,
        upload,
        pipeline,
        websocket,
        slow_reader,
        slow_writer,
        leaver,
        half_closer,
        faults,
        early,
        bad_requests,
        churn,
        crashing,
        crashing_websocket,
    )
}
