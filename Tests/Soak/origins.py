"""The server behind the proxy in the soak: a process of its own, which answers each request as its query says.

    origins.py NAME PORT SEED

`size`, `offset` and `form` (length, chunks, close) say which content comes in which frame; `sum` is what the request's
body must be; `fault` is how the answer goes wrong. Every answer that is ours says so in `X-From`.
"""

import hashlib
import pathlib
import random
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Product"))
from origin import Origin  # noqa: E402

BLOCK = 8 << 20


def content(seed):
    """What all bulk bodies are slices of; the same in every process of a run."""
    return random.Random(seed).randbytes(BLOCK)


def frame(body, form, name):
    head = f"HTTP/1.1 200 OK\r\nX-From: {name}\r\n"
    if form == "length":
        return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode(), body]
    if form == "close":
        return [f"{head}Connection: close\r\n\r\n".encode(), body, None]
    parts, at, step = [f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()], 0, 1 + len(body) // 7
    while at < len(body):
        piece = body[at : at + step]
        parts.append(b"%x\r\n%b\r\n" % (len(piece), piece))
        at += step
    return parts + [b"0\r\n\r\n"]


def fault(kind, body, name):
    """Answers that go wrong on their way."""
    head = f"HTTP/1.1 200 OK\r\nX-From: {name}\r\nContent-Length: {len(body) + 10}\r\n\r\n".encode()
    return {
        "cut": [head, body, None],
        "nothing": [None],
        "garbage": [b"\0\1\2garbage\r\n\r\n", None],
        "half-head": [head[:30], None],
        "lengths": [head[:-2] + b"Content-Length: 1\r\n\r\n", None],
        "chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nxyz\r\n", None],
        "early": [b"HTTP/1.1 413 Too Large\r\nX-From: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", None],
        "surplus": [frame(body, "length", name)[0] + body + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"],
    }[kind]


def answer(block):
    def answer_to(origin, request):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.target).query))
        if "sum" in query and hashlib.sha256(request.body).hexdigest() != query["sum"]:
            return [f"HTTP/1.1 599 Wrong Body\r\nX-From: {origin.name}\r\nContent-Length: 0\r\n\r\n".encode()]
        if "/error/" in request.target:
            body = b"page of " + query.get("url", "").encode()
            return [b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body), body]
        at, size = int(query.get("offset", 0)), int(query.get("size", 0))
        body = block[at : at + size]
        if kind := query.get("fault"):
            return fault(kind, body, origin.name)
        parts = frame(body, query.get("form", "length"), origin.name)
        return parts[:1] if request.method == "HEAD" else parts

    return answer_to


class Forgetful(Origin):
    """Keeps nothing of what it was asked: it lives for long."""

    class Nothing(list):
        def append(self, _):
            pass

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.requests = self.Nothing()


if __name__ == "__main__":
    name, port, seed = sys.argv[1:]
    Forgetful(answer(content(seed)), name=name, port=int(port))
    while True:
        time.sleep(3600)
