"""Large answers over TLS, encrypted by the kernel. Where the machine's kernel cannot do that, these tests run in one that can."""

import errno
import hashlib
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

import guest
from origin import Origin, reply
from proxying import Proxy, free_port

IS_GUEST = "ORRERY_TEST_GUEST" in os.environ
# With what AES-GCM is made of; User Mode Linux has no ChaCha20 that works, which is a case of its own.
MODULES = ["crypto/gf128mul", "crypto/ghash-generic", "crypto/ctr", "crypto/gcm", "net/tls/tls"]
SIZE = 5 << 20
BODY = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(SIZE // 32))
TCP_ULP = 31


def kernel_offers_tls():
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls")
        except OSError as error:
            return error.errno == errno.ENOTCONN
        return True


HAS_KERNEL_TLS = kernel_offers_tls()
here = pytest.mark.skipif(not HAS_KERNEL_TLS and not IS_GUEST, reason="is run in a guest: this kernel has no TLS")


@pytest.mark.skipif(HAS_KERNEL_TLS or IS_GUEST, reason="the kernel has TLS itself")
def test_all_of_this_holds_in_a_kernel_that_has_tls(tmp_path):
    if guest.refusal():
        pytest.skip(guest.refusal())
    root = pathlib.Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "--durations=8", "-p", "no:cacheprovider", "-p", "no:asyncio", __file__]
    names = {"ORRERY_TEST_GUEST": "yes", "ORRERY_TEST_RESULTS": tmp_path, "TMPDIR": tmp_path, "HOME": tmp_path}
    names |= {name: value for name, value in os.environ.items() if name in ("PATH", "ORRERY_PROXY", "LD_LIBRARY_PATH")}
    status, said = guest.run(command, root, tmp_path, MODULES, names)
    print(said)
    assert status == 0, said
    assert re.search(r"\b7 passed, 1 skipped", said), said


def answer(origin, request):
    if request.target == "/cut":
        # All that it sends before it hangs up.
        return [reply(BODY)[: SIZE // 2], None]
    path, _, count = request.target.partition("?")
    return reply(BODY[: int(count or SIZE)] if path == "/large" else b"small", "application/octet-stream")


@pytest.fixture
def certificate(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True,
        capture_output=True,
    )
    return tmp_path / "cert.pem", tmp_path / "key.pem"


@pytest.fixture
def serve(certificate):
    """serve(options): a proxy with TLS in front of an origin, and a context for its clients."""
    open_ones = []

    def serve(*options):
        origin, port = Origin(answer), free_port()
        cert, key = certificate
        context = ssl.create_default_context(cafile=cert)
        proxy = Proxy(
            *("--ssl-cert", cert, "--ssl-key", key, "--default-target", origin.url, "--metrics-port", port), *options, tls=context
        )
        proxy.metrics_port = port
        open_ones.extend([proxy, origin])
        return proxy

    yield serve
    for each in open_ones:
        each.end()


class Client:
    """One connection in TLS."""

    def __init__(self, proxy, receives=None, version=ssl.TLSVersion.TLSv1_3):
        proxy.tls.minimum_version = proxy.tls.maximum_version = version
        plain = socket.socket()
        plain.settimeout(60)
        if receives:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        plain.connect(("127.0.0.1", proxy.port))
        # Whoever cuts the connection off without TLS's word for it is noticed.
        self.socket = proxy.tls.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        self.file = self.socket.makefile("rb")

    def ask(self, path, fields=""):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
        assert self.file.readline().startswith(b"HTTP/1.1 200 ")
        length = 0
        while (line := self.file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return length

    def get(self, path, fields=""):
        return self.file.read(self.ask(path, fields))


def lent(proxy):
    """How many connections' records the kernel makes, by the proxy's own count."""
    with urllib.request.urlopen(f"http://127.0.0.1:{proxy.metrics_port}/metrics") as page:
        found = re.search(rb'orrery_proxy_kernel_tls_connections_total\{side="client"\} (\d+)', page.read())
    return int(found[1])


def kernel_count():
    """How many connections the kernel has ever encrypted."""
    lines = pathlib.Path("/proc/net/tls_stat").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("TlsTxSw"))


@here
@pytest.mark.parametrize("cipher", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"])
def test_large_and_small_answers_follow_each_other_on_one_connection(serve, cipher):
    proxy, before = serve("--ssl-ciphers", cipher), kernel_count()
    client = Client(proxy)
    assert client.socket.cipher()[0] == cipher
    assert client.get("/small") == b"small"
    assert lent(proxy) == 0, "a small answer is not worth the kernel's while"
    assert client.get("/large") == BODY
    assert lent(proxy) == 1 and kernel_count() == before + 1
    assert client.get("/small") == b"small"
    assert client.get("/large") == BODY
    assert client.get("/small") == b"small"
    assert lent(proxy) == 1


@here
@pytest.mark.parametrize(
    "options, version",
    [
        (["--ssl-ciphers", "TLS_CHACHA20_POLY1305_SHA256"], ssl.TLSVersion.TLSv1_3),
        ([], ssl.TLSVersion.TLSv1_2),
        (["--no-kernel-tls"], ssl.TLSVersion.TLSv1_3),
    ],
)
def test_what_the_kernel_does_not_encrypt_is_encrypted_all_the_same(serve, options, version):
    proxy = serve(*options)
    client = Client(proxy, version=version)
    assert [client.get(path) for path in ("/large", "/small", "/large")] == [BODY, b"small", BODY]
    if "--no-kernel-tls" in options or version == ssl.TLSVersion.TLSv1_2:
        assert lent(proxy) == 0


@here
def test_the_last_byte_reaches_slow_readers_before_their_connections_close(serve):
    """A kernel that is told to close throws away the records that do not fit into its buffer: now and then one of these, when
    nobody waits for it."""
    proxy, broken = serve(), []

    def read(count):
        client = Client(proxy, receives=8 << 10)
        assert client.ask(f"/large?{count}", "Connection: close\r\n") == count
        got = bytearray()
        # Slowly, from later on than the proxy lets anybody linger.
        time.sleep(4)
        while part := client.file.read1(64 << 10):
            got += part
            time.sleep(0.03)
        if got != BODY[:count]:
            broken.append((count, len(got)))

    readers = [threading.Thread(target=read, args=[count]) for count in range(2_000_000, SIZE, 199_871)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert broken == [] and lent(proxy) >= len(readers) // 2


@here
def test_an_answer_that_breaks_off_does_not_look_whole(serve):
    proxy = serve()
    client = Client(proxy)
    assert client.ask("/cut") == SIZE
    assert 0 < len(client.file.read()) < SIZE
    assert lent(proxy) == 1
