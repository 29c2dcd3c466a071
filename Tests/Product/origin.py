"""A server behind the proxy that keeps every byte it was sent and answers as the test says."""

import base64
import hashlib
import json
import socket
import struct
import threading

from wire import Ended, Stream

PLAIN = "HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n{fields}\r\n"


def reply(body=b"", type="text/plain", fields=""):
    body = body.encode() if isinstance(body, str) else body
    return PLAIN.format(type=type, length=len(body), fields=fields).encode() + body


def describe(origin, request):
    """What was asked, as JSON: the way configurable-http-proxy's own suite sees what arrives."""
    return reply(
        json.dumps({"name": origin.name, "url": request.target, "headers": dict(request.fields)}), "application/json"
    )


class Origin:
    """Listens from the start on. `answer(origin, request)` gives bytes, an iterable of bytes, or None to hang up.

    `with Origin() as origin`: `origin.url` is its target; `origin.requests` what came, in order; `origin.places` from
    which addresses; a request to upgrade is answered by a WebSocket that says `connected` and then echoes.
    """

    def __init__(self, answer=describe, name="origin", path=None, tls=None, port=0):
        self.answer_to, self.name, self.tls = answer, name, tls
        self.requests, self.raw, self.open = [], b"", set()
        if path is None:
            self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
            self.port = self.listener.getsockname()[1]
            self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            self.listener.listen(512)
            self.url = "http+unix://" + str(path).replace("/", "%2F")
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Refuses connections from now on, and resets those that are open."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.open):
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            except OSError:
                pass

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.open.add(connection)
            with Stream(connection) as stream:
                while (request := stream.request()) is not None:
                    self.requests.append(request)
                    if not self._answer(stream, request):
                        return
        except (OSError, Ended, AssertionError, ValueError):
            pass  # the test looks at what the other side saw
        finally:
            self.open.discard(connection)

    def _answer(self, stream, request):
        if (request["Upgrade"] or "").lower() == "websocket":
            WebSocket.accepted(stream, request).serve(request)
            return False
        answer = self.answer_to(self, request)
        for part in [answer] if isinstance(answer, bytes | None) else answer:
            if part is None:
                return False
            stream.send(part)
        return True


def masked(data, mask):
    """Each byte with its byte of the mask, as one number: a loop would take a second for each few megabytes."""
    if not mask:
        return data
    pad = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(pad)).to_bytes(len(data))


class WebSocket:
    """The frames of RFC 6455, as much as an echo needs."""

    def __init__(self, stream, masks):
        self.stream, self.masks = stream, masks

    @classmethod
    def accepted(cls, stream, request):
        digest = hashlib.sha1(request["Sec-WebSocket-Key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        stream.send(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n\r\n"
        )
        return cls(stream, masks=False)

    @classmethod
    def opened(cls, stream, path, host="localhost", fields=""):
        """A client's; the answer is left in `.answer` and may be a refusal."""
        stream.send(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{fields}\r\n"
        )
        opened = cls(stream, masks=True)
        opened.answer = stream.final()
        return opened

    def send(self, data, kind=1):
        data = data.encode() if isinstance(data, str) else data
        mask = b"\x5a\xa5\x3c\xc3" if self.masks else b""
        size = len(data)
        short, extended = (
            (size, b"")
            if size < 126
            else (126, struct.pack(">H", size))
            if size < 65536
            else (127, struct.pack(">Q", size))
        )
        self.stream.send(bytes([0x80 | kind, short | (0x80 if mask else 0)]) + extended + mask + masked(data, mask))

    def receive(self):
        """(kind, payload) of the next frame."""
        first, second = self.stream.exactly(2)
        size = second & 127
        if size > 125:
            size = int.from_bytes(self.stream.exactly(2 if size == 126 else 8), "big")
        mask = self.stream.exactly(4) if second & 128 else b""
        return first & 15, masked(self.stream.exactly(size), mask)

    def serve(self, request):
        self.send(b"connected")
        while True:
            kind, data = self.receive()
            if kind == 8:
                return self.send(data, kind)
            self.send(json.dumps({"url": request.target, "message": data.decode()}))
