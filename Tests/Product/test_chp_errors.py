"""What configurable-http-proxy answers itself: pages by target, by directory or built in; health; metrics."""

import json
import re

import pytest

from demo import eventually
from origin import Origin, WebSocket, reply
from proxying import Proxy, free_port
from wire import connect


@pytest.fixture
def dead():
    with Origin() as origin:
        url = origin.url
    return url


def test_pages_of_its_own_say_what_is_wrong(dead):
    with Proxy() as proxy:
        proxy.route("/dead", dead)
        for path, status in (("/nowhere", 404), ("/dead/x", 503)):
            answer = proxy.get(path)
            assert answer.status == status and answer["Content-Type"].startswith("text/html")
            assert str(status) in answer.text
            assert proxy.get(path, method="HEAD").status == status


def test_an_error_target_is_asked_with_the_address(dead):
    def page(origin, request):
        return reply(
            request.target, "text/plain; charset=x", "Content-Encoding: identity\r\nX-Other: 1\r\nSet-Cookie: a=b\r\n"
        )

    with Origin(page) as errors:
        for base, prefix in (
            (errors.url + "/hub/error", "/hub/error"),
            (errors.url + "/hub/error/", "/hub/error"),
            (errors.url, ""),
        ):
            with Proxy("--error-target", base) as proxy:
                proxy.route("/dead", dead)
                for path, status, escaped in (
                    ("/foo/bar", 404, "%2Ffoo%2Fbar"),
                    ("/dead/x?a=b&c", 503, "%2Fdead%2Fx%3Fa%3Db%26c"),
                ):
                    answer = proxy.get(path, "Cookie: secret=1\r\nAuthorization: token x\r\n")
                    assert (answer.status, answer.text) == (status, f"{prefix}/{status}?url={escaped}")
                    assert (answer["Content-Type"], answer["Content-Encoding"]) == ("text/plain; charset=x", "identity")
                    assert answer["X-Other"] is None and answer["Set-Cookie"] is None
                    assert errors.requests[-1]["Cookie"] is None and errors.requests[-1]["Authorization"] is None


def test_an_error_target_that_fails_is_not_asked_for_its_own_error(dead):
    with Origin(lambda *_: None) as broken:
        for target in (dead, broken.url):
            with Proxy("--error-target", target) as proxy:
                answer = proxy.get("/nowhere")
                assert answer.status == 404 and "404" in answer.text or "Not Found" in answer.text
        assert len(broken.requests) <= 2


def test_an_error_target_may_be_a_unix_socket(tmp_path):
    with (
        Origin(lambda _, request: reply(request.target), path=tmp_path / "e.sock") as errors,
        Proxy("--error-target", errors.url) as proxy,
    ):
        answer = proxy.get("/foo/bar")
        assert (answer.status, answer.text) == (404, "/404?url=%2Ffoo%2Fbar")


def test_pages_may_come_from_a_directory(tmp_path, dead):
    (tmp_path / "404.html").write_text("<b>nothing here é</b>")
    (tmp_path / "error.html").write_text("<b>some error</b>")
    with Proxy("--error-path", tmp_path) as proxy:
        proxy.route("/dead", dead)
        for path, status, page in (("/nowhere", 404, "<b>nothing here é</b>"), ("/dead/x", 503, "<b>some error</b>")):
            answer = proxy.get(path)
            assert (answer.status, answer.text) == (status, page) and answer["Content-Type"].startswith("text/html")
    with Proxy("--error-path", tmp_path / "missing") as proxy:
        assert proxy.get("/nowhere").status == 404


def test_a_broken_address_is_the_clients_fault():
    # configurable-http-proxy says 500.
    with Proxy() as proxy:
        for path in ("/%", "/%f", "/%zz/x"):
            assert proxy.get(path).status == 400


def test_a_websocket_that_cannot_be_is_answered_at_once_and_closed(dead):
    with Origin(lambda _, request: reply("a page")) as errors, Proxy("--error-target", errors.url) as proxy:
        proxy.route("/dead", dead)
        for path, status in (("/nowhere", 404), ("/dead/ws", 503)):
            with proxy.connect() as stream:
                assert WebSocket.opened(stream, path).answer.status == status
                assert stream.rest() == b""
        # Stale tabs reconnect for ever: they may not cost a request to the hub each.
        assert not errors.requests


def test_health_is_answered_before_any_route():
    with Origin() as origin, Proxy("--default-target", origin.url) as proxy:
        answer = proxy.get("/_chp_healthz")
        assert (answer.status, json.loads(answer.body), answer["Content-Type"]) == (
            200,
            {"status": "OK"},
            "application/json",
        )
        assert not origin.requests
        assert json.loads(proxy.get("/_chp_healthz?x").body)["url"] == "/_chp_healthz?x"
        assert json.loads(proxy.get("/_chp_healthz/x").body)["url"] == "/_chp_healthz/x"


COUNTERS = ["api_route_get", "api_route_add", "api_route_delete", "requests_ws", "requests_web"]


def test_metrics_have_the_names_that_dashboards_know(dead, tmp_path):
    port = free_port()
    with (
        Origin() as origin,
        Proxy("--metrics-ip", "127.0.0.1", "--metrics-port", port, "--default-target", origin.url) as proxy,
    ):

        def scrape():
            with connect(("127.0.0.1", port)) as stream:
                return stream.send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n").final().text

        def value(line):
            found = re.search(rf"^{re.escape(line)} (\S+)$", scrape(), re.MULTILINE)
            return float(found[1]) if found else 0.0

        before = {name: value(name) for name in COUNTERS}
        proxy.routes()
        proxy.route("/a", dead)
        proxy.get("/x")
        proxy.get("/a/x")
        with proxy.connect() as stream:
            assert WebSocket.opened(stream, "/ws").answer.status == 101
        proxy.api("DELETE", "/api/routes/a")
        proxy.api("DELETE", "/api/routes/a")
        for name, more in {
            "api_route_get": 1,
            "api_route_add": 1,
            "api_route_delete": 1,
            "requests_web": 2,
            "requests_ws": 1,
        }.items():
            eventually(lambda: value(name) == before[name] + more, lambda: f"{name} counts {more} more:\n{scrape()}")
        eventually(
            lambda: value('requests_proxy{status="503"}') == 1 and value('requests_proxy{status="200"}') == 1,
            scrape,
        )
        assert value('requests_api{status="404"}') == 1 and value('requests_api{status="201"}') == 1
        text = scrape()
        for name in (
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_start_time_seconds",
        ):
            assert re.search(rf"^{name} \S+$", text, re.MULTILINE), name
        for name in ("find_target_for_req", "last_activity_updating"):
            assert re.search(rf"^{name}_count \d+$", text, re.MULTILINE), name
        with connect(("127.0.0.1", port)) as stream:
            assert stream.send("GET /other HTTP/1.1\r\nHost: h\r\n\r\n").final().status == 404
