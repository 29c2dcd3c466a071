"""HTTP/1.1 as bytes: a message read strictly from a socket, with everything in it as it was sent."""

import socket

LIMIT = 20.0  # seconds that anything on a socket may take; what hangs fails there


class Message:
    """A request or an answer. `raw` is all of it; `body` is without its chunks."""

    def __init__(self, head):
        self.raw, self.body, self.trailer = head, b"", b""
        self.start, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        for line in lines:
            assert ":" in line and line[0] not in " \t", f"not a field: {line!r}"
        self.fields = [(name, value.strip(" \t")) for name, value in (line.split(":", 1) for line in lines)]

    def all(self, name):
        return [value for each, value in self.fields if each.lower() == name.lower()]

    def __getitem__(self, name):
        """The one field of this name, or None; more than one is a failure."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else None

    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return self.start.split(" ")[1]

    @property
    def status(self):
        assert self.start.startswith("HTTP/1.1 "), self.start
        return int(self.start[9:12])

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.start}: {self.body[:80]!r}>"


class Ended(Exception):
    """The other side closed before the message was complete; holds what had come."""

    def __init__(self, got):
        super().__init__(f"the connection ended after {got[-200:]!r}")
        self.got = got


class Stream:
    """A connected socket, read by what is expected next."""

    def __init__(self, connection):
        connection.settimeout(LIMIT)
        self.socket, self.pending = connection, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *parts):
        self.socket.sendall(b"".join(part.encode() if isinstance(part, str) else part for part in parts))
        return self

    def receive(self):
        piece = self.socket.recv(65536)
        self.pending += piece
        return bool(piece)

    def until(self, marker):
        while marker not in self.pending:
            if not self.receive():
                raise Ended(self.pending)
        at = self.pending.index(marker) + len(marker)
        got, self.pending = self.pending[:at], self.pending[at:]
        return got

    def exactly(self, count):
        while len(self.pending) < count:
            if not self.receive():
                raise Ended(self.pending)
        got, self.pending = self.pending[:count], self.pending[count:]
        return got

    def rest(self):
        """Everything until the other side closes; a reset counts as that."""
        try:
            while self.receive():
                pass
        except ConnectionResetError:
            pass
        got, self.pending = self.pending, b""
        return got

    def request(self):
        """The next request, or None when the connection ended before it."""
        try:
            message = Message(self.until(b"\r\n\r\n"))
        except Ended as end:
            assert not end.got, end.got
            return None
        return self._body(message, endless=False)

    def answer(self, method="GET"):
        """The next answer, an interim one too."""
        message = Message(self.until(b"\r\n\r\n"))
        if method == "HEAD" or message.status in (204, 304) or message.status < 200:
            return message
        return self._body(message, endless=True)

    def final(self, method="GET"):
        while (message := self.answer(method)).status < 200:
            if message.status == 101:
                break
        return message

    def _body(self, message, endless):
        coding, length = message["Transfer-Encoding"], message["Content-Length"]
        assert coding is None or length is None, f"two lengths: {message.raw!r}"
        if coding is not None:
            assert coding.lower() == "chunked", coding
            self._chunks(message)
        elif length is not None:
            message.body = self.exactly(int(length))
            message.raw += message.body
        elif endless:
            message.body = self.rest()
            message.raw += message.body
        return message

    def _chunks(self, message):
        while True:
            line = self.until(b"\r\n")
            size = int(line[:-2], 16)
            message.raw += line
            if size == 0:
                break
            data = self.exactly(size + 2)
            assert data.endswith(b"\r\n"), data[-10:]
            message.raw += data
            message.body += data[:-2]
        while (line := self.until(b"\r\n")) != b"\r\n":
            message.trailer += line
            message.raw += line
        message.raw += line


def connect(place, tls=None, name="localhost"):
    """A stream to (host, port), or to a Unix socket's path; over TLS with an SSLContext."""
    if isinstance(place, tuple):
        connection = socket.create_connection(place, LIMIT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    else:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(LIMIT)
        connection.connect(str(place))
    return Stream(tls.wrap_socket(connection, server_hostname=name) if tls else connection)
