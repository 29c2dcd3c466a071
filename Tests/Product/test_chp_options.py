"""The command line and the environment of configurable-http-proxy: what no other file looks at."""

import signal
import socket
import ssl

import pytest

from demo import eventually
from origin import Origin, reply
from proxying import TOKEN, Authority, Proxy, ended, free_port
from wire import connect


@pytest.fixture(scope="module")
def origin():
    with Origin(lambda *_: reply("x")) as origin:
        yield origin


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


WRONG = [
    (["--no-such-option"], "--no-such-option"),
    (["--custom-header", "invalid"], "A colon was expected in custom header: invalid"),
    (["--custom-header", ": x"], "A colon was expected in custom header"),
    (["--port", "x"], "port"),
    (["--socket", "/nowhere/s", "--port", "1"], "--socket"),
    (["--api-socket", "/nowhere/s", "--api-port", "1"], "--api-socket"),
    (["--error-path", "/tmp", "--error-target", "http://127.0.0.1:1"], "error"),
    (["--default-target", "nonsense"], "nonsense"),
    (["--redirect-port", "1"], "HTTPS redirection specified but certificates not provided."),
    (["--ssl-key", "/nowhere/key", "--ssl-cert", "/nowhere/cert"], "/nowhere/"),
    (["--log-level", "loud"], "loud"),
]


@pytest.mark.parametrize(
    "options, sentence", WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_what_cannot_be_meant_is_said_and_ends_it(options, sentence):
    status, out, error = ended(*options)
    assert status not in (0, None, -signal.SIGSEGV, -signal.SIGILL, -signal.SIGTRAP) and sentence in out + error


@pytest.mark.parametrize(
    "option, words", [("--help", "--default-target"), ("-h", "--default-target"), ("--version", "."), ("-V", ".")]
)
def test_help_and_version_are_there_in_both_spellings(option, words):
    status, out, _ = ended(option)
    assert status == 0 and words in out


def test_a_taken_port_is_an_error_and_no_zombie():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for options in (
            ["--ip", "127.0.0.1", "--port", port, "--api-port", free_port()],
            ["--port", free_port(), "--api-ip", "127.0.0.1", "--api-port", port],
        ):
            status, out, error = ended(*options)
            assert status not in (0, None) and str(port) in out + error


def test_options_take_their_value_with_or_without_an_equals_sign(origin):
    for options in (["--default-target", origin.url], [f"--default-target={origin.url}"]):
        with Proxy(*options) as proxy:
            assert proxy.get("/").text == "x"


def test_the_rest_interface_is_at_the_next_port_of_the_loopback():
    port = next(port for port in iter(free_port, None) if is_free(port + 1))
    with Proxy("--ip=", "--port", port, public=("127.0.0.1", port), api=("127.0.0.1", port + 1)) as proxy:
        assert proxy.routes() == {}


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("ip", ["", "*", "0.0.0.0", "::"])
def test_an_empty_address_or_a_star_is_every_interface(ip, origin):
    port = free_port()
    with Proxy(
        f"--ip={ip}",
        "--port",
        port,
        "--api-port",
        api := free_port(),
        "--default-target",
        origin.url,
        public=("127.0.0.1", port),
        api=("127.0.0.1", api),
    ) as proxy:
        assert proxy.get("/").text == "x"
        with connect((socket.gethostbyname(socket.gethostname()), port)) as stream:
            assert stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final().text == "x"


def test_the_pid_file_is_there_while_it_runs(tmp_path):
    file = tmp_path / "proxy.pid"
    for number in (signal.SIGTERM, signal.SIGINT):
        with Proxy("--pid-file", file) as proxy:
            assert eventually(file.exists, "the pid file") and file.read_text() == str(proxy.process.pid)
            assert proxy.end(number) == 2
            assert not file.exists()
            proxy.start()


def test_a_pid_file_that_cannot_be_is_said_in_one_line(tmp_path):
    file = tmp_path / "missing" / "pid"
    status, out, error = ended("--socket", tmp_path / "s", "--api-socket", tmp_path / "a", "--pid-file", file)
    assert status == 1 and error == f"Error: --pid-file: cannot write {file}: No such file or directory\n" and not out
    assert not list(tmp_path.iterdir())


def test_it_ends_with_status_2_though_connections_are_open(origin):
    for number in (signal.SIGTERM, signal.SIGINT):
        with Proxy("--default-target", origin.url) as proxy, proxy.connect() as idle, proxy.connect() as half:
            assert idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final().text == "x"
            half.send("GET / HTTP/1.1\r\nHos")
            assert proxy.end(number) == 2
            proxy.start()


def test_what_it_does_is_logged_without_queries(origin):
    with Proxy("--default-target", origin.url, "--log-level", "DEBUG") as proxy:
        proxy.route("/user/ada", origin.url)
        proxy.get("/user/ada/x?token=secret-of-ada")
        proxy.api("DELETE", "/api/routes/user/ada")
        proxy.api("GET", "/api/routes?inactive_since=2020-01-01", token="token wrong-one")
        eventually(lambda: "403 GET /api/routes" in proxy.words(), proxy.words)
        words = proxy.words()
        for line in (
            "Proxying http://",
            "Proxy API at http",
            f"Adding route / -> {origin.url}",
            "Route added / ->",
            f"Adding route /user/ada -> {origin.url}",
            "Removing route /user/ada",
            "201 POST /api/routes/user/ada",
            "204 DELETE /api/routes/user/ada",
        ):
            assert line in words, line
        for secret in ("secret-of-ada", "wrong-one", TOKEN):
            assert secret not in words


def test_failures_are_logged_but_not_each_of_a_storm(origin):
    with Origin() as dead:
        url = dead.url
    with Proxy("--log-level", "debug") as proxy:
        proxy.route("/user/ada", url)
        proxy.route("/user/bob", origin.url)
        proxy.get("/user/bob/x?token=secret")
        with proxy.connect() as stream:
            for _ in range(200):
                stream.send("GET /user/ada/y?token=secret HTTP/1.1\r\nHost: h\r\n\r\n").final()
        eventually(lambda: "more requests failed" in proxy.words(), proxy.words)
        words = proxy.log.read_text()
        assert "PROXY WEB /user/bob/x to 127.0.0.1:" in words and "warn: 503 GET /user/ada/y: " in words
        assert words.count("warn: 503 GET /user/ada/y: ") < 200 and "secret" not in words


def test_levels_of_the_log_are_kept(origin):
    with Proxy("--log-level", "error", "--default-target", origin.url) as proxy:
        proxy.route("/a", origin.url)
        assert proxy.words() == ""


# TLS


def test_the_public_port_may_speak_tls(origin, authority):
    key, certificate = authority.issue("public")
    with Proxy(
        "--ssl-key", key, "--ssl-cert", certificate, "--default-target", origin.url, tls=authority.client()
    ) as proxy:
        assert proxy.get("/").text == "x"
        request = origin.requests[-1]
        assert (request["X-Forwarded-Proto"], request["X-Forwarded-Port"]) == ("https", str(proxy.port))
        assert (
            proxy.get("/", host="no.port")["Connection"] in (None, "keep-alive")
            and origin.requests[-1]["X-Forwarded-Port"] == "443"
        )
        # The REST interface is another listener with options of its own.
        assert list(proxy.routes()) == ["/"]
        with connect(proxy.place) as plain:
            plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert not plain.rest().startswith(b"HTTP/1.1 200")


def test_a_locked_key_is_opened_by_the_environment(origin, authority):
    key, certificate = authority.issue("locked", passphrase="open sesame")
    options = ["--ssl-key", key, "--ssl-cert", certificate, "--default-target", origin.url]
    with Proxy(*options, tls=authority.client(), variables={"CONFIGPROXY_SSL_KEY_PASSPHRASE": "open sesame"}) as proxy:
        assert proxy.get("/").text == "x"
    status, out, error = ended(*options, CONFIGPROXY_SSL_KEY_PASSPHRASE="wrong words")
    assert status != 0 and "wrong words" not in out + error


@pytest.mark.parametrize("side", ["", "api-"])
def test_clients_may_need_a_certificate(authority, side, origin):
    key, certificate = authority.issue("listener")
    options = [
        f"--{side}ssl-key",
        key,
        f"--{side}ssl-cert",
        certificate,
        f"--{side}ssl-ca",
        authority.certificate,
        f"--{side}ssl-request-cert",
        f"--{side}ssl-reject-unauthorized",
    ]
    known, unknown = authority.client(authority.issue("client")), authority.client()
    tls = {"api_tls": known} if side else {"tls": known}
    with Proxy(*options, "--default-target", origin.url, **tls) as proxy:
        assert proxy.get("/").status == 200 and list(proxy.routes()) == ["/"]
        with (
            pytest.raises((ssl.SSLError, OSError, EOFError)),
            connect(proxy.api_place if side else proxy.place, unknown) as stream,
        ):
            answer = stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").rest()
            assert b"HTTP/1.1" not in answer
            raise EOFError("refused after its handshake, as TLS 1.3 does")


def test_old_versions_of_tls_are_refused_when_told_so(authority, origin):
    key, certificate = authority.issue("modern")
    with Proxy(
        "--ssl-key",
        key,
        "--ssl-cert",
        certificate,
        "--ssl-protocol",
        "TLSv1_2",
        "--default-target",
        origin.url,
        tls=authority.client(),
    ) as proxy:
        with proxy.connect() as stream:
            assert stream.socket.version() == "TLSv1.2"


@pytest.mark.parametrize("to", [None, "8443"])
def test_plain_requests_are_redirected(authority, origin, to):
    key, certificate = authority.issue("redirecting")
    port = free_port()
    options = ["--ssl-key", key, "--ssl-cert", certificate, "--redirect-port", port, "--default-target", origin.url] + (
        ["--redirect-to", to] if to else []
    )
    with Proxy(*options, tls=authority.client()) as proxy:
        eventually(lambda: "Added HTTP to HTTPS redirection" in proxy.words(), proxy.words)
        for host in ("127.0.0.1", f"127.0.0.1:{port}"):
            with connect(("127.0.0.1", port)) as stream:
                answer = stream.send(f"GET /x/y?z HTTP/1.1\r\nHost: {host}\r\n\r\n").final()
                assert (answer.status, answer["Location"]) == (301, f"https://127.0.0.1:{to or proxy.port}/x/y?z")
        with connect(("127.0.0.1", port)) as stream:
            assert stream.send("GET / HTTP/1.1\r\n\r\n").final().status == 400


def test_a_new_certificate_is_taken_by_sighup_without_a_connection_lost(authority, origin):
    key, certificate = authority.issue("first")
    with (
        Proxy(
            "--ssl-key", key, "--ssl-cert", certificate, "--default-target", origin.url, tls=authority.client()
        ) as proxy,
        proxy.connect() as old,
    ):

        def shown():
            with proxy.connect() as stream:
                return str(stream.socket.getpeercert()["subject"])

        assert "first" in shown()
        for new, place in zip(authority.issue("second"), (key, certificate)):
            new.replace(place)
        proxy.process.send_signal(signal.SIGHUP)
        eventually(lambda: "second" in shown(), "the second certificate is shown")
        assert old.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final().text == "x"
        certificate.write_text("no certificate")
        proxy.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the certificates stay as they are" in proxy.words(), proxy.words)
        assert "second" in shown()


# Times, each an upper bound of our patience, never measured


def test_idle_clients_are_closed(origin):
    with Proxy("--keep-alive-timeout", "300", "--default-target", origin.url) as proxy, proxy.connect() as stream:
        assert stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").final().text == "x"
        assert stream.rest() == b""


def test_a_target_may_be_given_a_time_to_answer():
    with (
        Origin(lambda *_: iter(lambda: eventually(lambda: False, "", 8), 0)) as silent,
        Proxy("--proxy-timeout", "300", "--default-target", silent.url) as proxy,
    ):
        assert proxy.get("/").status in (503, 504)


def test_a_silent_client_is_let_go(origin):
    with Proxy("--timeout", "300", "--default-target", origin.url) as proxy, proxy.connect() as stream:
        stream.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx")
        stream.rest()  # whatever it says first, it ends
