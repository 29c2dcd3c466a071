"""orrery-proxy as whoever runs it sees it: a process with options, its REST interface, and a client's connections."""

import itertools
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess

from demo import PORT, eventually, is_running
from wire import LIMIT, connect

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("ORRERY_PROXY", str(ROOT / ".build" / "debug" / "orrery-proxy"))
TOKEN = "a-token-of-the-tests"
# From another place on in each process: two runs at a time do not find the same port free at the same moment.
_ports = itertools.islice(itertools.cycle(range(PORT + 4000, PORT + 5000)), os.getpid() * 37 % 1000, None)


def free_port():
    """A port that nobody listens at: of our own, below those that the system gives to clients."""
    for port in _ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def environment(**variables):
    """Ours, without what would lead requests or tokens elsewhere; None takes a variable away."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONFIGPROXY_")}
    return {name: value for name, value in (kept | variables).items() if value is not None}


class Proxy:
    """A running proxy, ready for both of its ports. `with Proxy("--host-routing") as proxy` ends it too.

    `public` and `api` name the Unix socket where options of the caller say so; None is a port of our own choice. `place` is
    an address and a port instead.
    """

    def __init__(self, *options, token=TOKEN, variables=None, log=None, public=None, api=None, tls=None, api_tls=None,
                 place=None):
        self.token, self.tls, self.api_tls = token, tls, api_tls
        self.port, self.api_port = free_port(), free_port()
        if place:
            self.port = place[1]
        self.place = public or place or ("127.0.0.1", self.port)
        self.api_place = api or ("127.0.0.1", self.api_port)
        host = place[0] if place else "127.0.0.1"
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        listening = [] if public else ["--ip", host, "--port", str(self.port)]
        listening += [] if api else ["--api-ip", "127.0.0.1", "--api-port", str(self.api_port)]
        self.command = [PROGRAM, *listening, *map(str, options)]
        self.environment = environment(CONFIGPROXY_AUTH_TOKEN=token, **(variables or {}))
        self.log = pathlib.Path(log or f"{os.environ.get('ORRERY_TEST_RESULTS', '/tmp')}/proxy-{self.port}.log")
        self.start()

    def start(self):
        self.is_ended = False
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        eventually(
            lambda: self.process.poll() is not None or self._listens(), lambda: f"listening:\n{self.words()}", LIMIT
        )
        assert self.process.poll() is None, f"{self.command} ended with {self.process.returncode}:\n{self.words()}"

    def _listens(self):
        try:
            for place in (self.place, self.api_place):
                with socket.socket(socket.AF_INET if isinstance(place, tuple) else socket.AF_UNIX) as probe:
                    probe.connect(place if isinstance(place, tuple) else str(place))
            return True
        except OSError:
            return False

    def words(self):
        return self.log.read_text(errors="replace")[-5000:]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is not None:
            assert self.is_ended or kind, f"the proxy ended with {self.process.returncode}:\n{self.words()}"
            return
        self.end()
        self.log.unlink(missing_ok=True)

    def end(self, number=signal.SIGTERM):
        """Its status after this signal. That it ends soon is part of the contract: a hub waits a second or two."""
        self.is_ended = True
        if is_running(self.process.pid):
            self.process.send_signal(number)
        try:
            return self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # A client

    def connect(self):
        return connect(self.place, self.tls)

    def send(self, *bytes, method="GET"):
        """One request as it is written here, and its final answer."""
        with self.connect() as stream:
            return stream.send(*bytes).final(method)

    def get(self, path, fields="", method="GET", host=None):
        host = host or f"127.0.0.1:{self.port}"
        return self.send(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n", method=method)

    # The REST interface

    def api(self, method, path, body=None, token=True, fields=""):
        """One request of it; `token` True is the right one, None says none, a text is the whole Authorization."""
        said = f"token {self.token}" if token is True else token
        body = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        with connect(self.api_place, self.api_tls) as stream:
            stream.send(
                f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                + (f"Authorization: {said}\r\n" if said else "")
                + fields
                + "\r\n",
                body,
            )
            return stream.final(method)

    def route(self, path, target, **members):
        answer = self.api("POST", f"/api/routes{path}", {"target": target, **members})
        assert answer.status == 201, answer

    def routes(self):
        answer = self.api("GET", "/api/routes")
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def activity(self, key):
        return self.routes()[key]["last_activity"]


def ended(*options, **variables):
    """(status, standard output, standard error) of a proxy that does not start."""
    done = subprocess.run(
        [PROGRAM, *map(str, options)],
        env=environment(**{"CONFIGPROXY_AUTH_TOKEN": TOKEN} | variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    return done.returncode, done.stdout, done.stderr


class Authority:
    """A certificate authority of a test, made with openssl; certificates for names and addresses of this machine."""

    def __init__(self, directory, name="test"):
        self.directory = pathlib.Path(directory)
        self.key, self.certificate = self.directory / f"{name}.key", self.directory / f"{name}.crt"
        self._openssl(
            "req",
            "-x509",
            "-subj",
            f"/CN={name} authority",
            "-days",
            "2",
            "-keyout",
            self.key,
            "-out",
            self.certificate,
            "-addext",
            "keyUsage=critical,keyCertSign",
            *self._new_key(),
        )

    @staticmethod
    def _new_key():
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"

    @staticmethod
    def _openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=LIMIT)

    def issue(self, name, alternatives="DNS:localhost,IP:127.0.0.1", passphrase=None):
        """(key, certificate), as files."""
        key, request, certificate = (self.directory / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
        self._openssl("req", "-subj", f"/CN={name}", "-keyout", key, "-out", request, *self._new_key())
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n")
        self._openssl(
            "x509",
            "-req",
            "-in",
            request,
            "-CA",
            self.certificate,
            "-CAkey",
            self.key,
            "-days",
            "2",
            "-CAcreateserial",
            "-extfile",
            extensions,
            "-out",
            certificate,
        )
        if passphrase:
            self._openssl("ec", "-aes256", "-passout", f"pass:{passphrase}", "-in", key, "-out", f"{key}.locked")
            os.replace(f"{key}.locked", key)
        return key, certificate

    def client(self, pair=None):
        """A context that trusts this authority, and shows a certificate of it."""
        context = ssl.create_default_context(cafile=self.certificate)
        if pair:
            context.load_cert_chain(pair[1], pair[0])
        return context

    def server(self, pair, asks=False):
        """A server's context with this certificate; `asks`: it takes only clients with a certificate of ours."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair[1], pair[0])
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        return context
