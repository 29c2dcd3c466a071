"""configurable-http-proxy's REST interface: what it answers to which request, to the byte where a hub looks."""

import datetime
import json
import re

import pytest

from origin import Origin
from proxying import TOKEN, Proxy, ended
from wire import connect

TARGET = "http://127.0.0.1:9"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def proxy():
    with Proxy() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def shared():
    """For tests that leave nothing behind."""
    with Proxy() as proxy:
        yield proxy


def test_an_empty_table_is_an_empty_object(shared):
    answer = shared.api("GET", "/api/routes")
    assert (answer.status, answer.body, answer["Content-Type"]) == (200, b"{}", "application/json")


def test_the_list_has_the_default_target_as_its_root():
    with Proxy("--default-target", TARGET) as proxy:
        assert list(proxy.routes()) == ["/"]
        assert proxy.routes()["/"]["target"] == TARGET


def test_every_member_comes_back_and_the_time_is_ours(proxy):
    sent = {
        "target": TARGET,
        "jupyterhub": True,
        "user": "秀樹",
        "server_name": "",
        "extra": {"a": [1, 2.5, None, '"é\n']},
        "last_activity": "1999-01-01T00:00:00.000Z",
    }
    answer = proxy.api("POST", "/api/routes/user/foo", sent)
    assert (answer.status, answer.body) == (201, b"")
    got = proxy.routes()["/user/foo"]
    assert STAMP.fullmatch(got["last_activity"])
    made = datetime.datetime.fromisoformat(got["last_activity"])
    assert abs(datetime.datetime.now(datetime.UTC) - made) < datetime.timedelta(minutes=1)
    assert got | {"last_activity": ""} == sent | {"last_activity": ""}
    assert json.loads(proxy.api("GET", "/api/routes/user/foo").body) == got


def test_a_second_post_replaces_the_whole_route(proxy):
    proxy.route("/a", TARGET, first=1)
    proxy.route("/a", TARGET + "/x", second=2)
    assert {key: value for key, value in proxy.routes()["/a"].items() if key != "last_activity"} == {
        "target": TARGET + "/x",
        "second": 2,
    }


KEYS = [
    ("", "/"),
    ("/", "/"),
    ("/user/foo", "/user/foo"),
    ("/user/foo/", "/user/foo"),
    ("/user/foo%40bar", "/user/foo@bar"),
    ("/user/foo@bar", "/user/foo@bar"),
    ("/has%20space/foo", "/has space/foo"),
    ("/user/%E7%A7%80%E6%A8%B9", "/user/秀樹"),
    ("/~TestJH", "/~TestJH"),
    ("/has/%C3%BC%C3%B1", "/has/üñ"),
    ("/constructor", "/constructor"),
    ("/__proto__/toString", "/__proto__/toString"),
    ("/host.name/path", "/host.name/path"),
]


@pytest.mark.parametrize("path, key", KEYS)
def test_keys_are_decoded_and_have_no_slash_at_their_end(proxy, path, key):
    proxy.route(path, TARGET)
    assert list(proxy.routes()) == [key]
    assert json.loads(proxy.api("GET", f"/api/routes{path or '/'}").body).get("target", TARGET) == TARGET
    gone = proxy.api("DELETE", f"/api/routes{path or '/'}")
    assert (gone.status, gone.body) == (204, b"")
    assert proxy.routes() == {}
    assert proxy.api("DELETE", f"/api/routes{path or '/'}").status == 404


def test_deleting_one_leaves_the_others(proxy):
    for path in ("/", "/user/bar", "/user/bar/deeper", "/user/barn"):
        proxy.route(path, TARGET)
    assert proxy.api("DELETE", "/api/routes/user/bar/").status == 204
    assert sorted(proxy.routes()) == ["/", "/user/bar/deeper", "/user/barn"]


def test_what_is_not_there_is_404_without_a_body(shared):
    for method in ("GET", "DELETE"):
        answer = shared.api(method, "/api/routes/no/such")
        assert (answer.status, answer.body) == (404, b"")


def test_deleting_the_collection_is_answered_and_changes_nothing(proxy):
    # configurable-http-proxy never answers it.
    proxy.route("/", TARGET)
    assert 400 <= proxy.api("DELETE", "/api/routes").status < 500
    assert list(proxy.routes()) == ["/"]


BODIES = [
    (b"{}", "Must specify 'target' as string"),
    (b"null", "Must specify 'target' as string"),
    (b'{"target": 7}', "Must specify 'target' as string"),
    (b'{"target": null}', "Must specify 'target' as string"),
    (b'"text"', "Must specify 'target' as string"),
    (b"[]", "Must specify 'target' as string"),
    (b"", "Body not valid JSON"),
    (b"{", "Body not valid JSON"),
    (b'{"target": "http://a:1",}', "Body not valid JSON"),
    (b"\xff", "Body not valid JSON"),
]


@pytest.mark.parametrize("body, sentence", BODIES)
def test_a_body_that_is_no_route_is_400(shared, body, sentence):
    answer = shared.api("POST", "/api/routes/x", body)
    assert answer.status == 400 and answer.text.startswith(sentence)
    assert shared.routes() == {}


@pytest.mark.parametrize("target", ["nonsense", "http://", "http://:80", "ftp://a:1", "http://a:99999", "http://a b:1"])
def test_a_target_that_is_none_is_refused_when_it_is_set(shared, target):
    # configurable-http-proxy takes it, and then answers each request with 500.
    assert shared.api("POST", "/api/routes/x", {"target": target}).status == 400
    assert shared.routes() == {}


def test_a_body_may_say_any_type_and_be_chunked(proxy):
    with connect(proxy.api_place) as stream:
        stream.send(
            f"POST /api/routes/a HTTP/1.1\r\nHost: h\r\nAuthorization: token {TOKEN}\r\nContent-Type: text/plain\r\n"
            'Transfer-Encoding: chunked\r\n\r\n5\r\n{"tar\r\n',
            '17\r\nget": "http://h.test:1"\r\n1\r\n}\r\n0\r\n\r\n',
        )
        assert stream.final().status == 201
        stream.send(f"GET /api/routes/a HTTP/1.1\r\nHost: h\r\nAuthorization: token {TOKEN}\r\n\r\n")
        assert json.loads(stream.final().body)["target"] == "http://h.test:1"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_405(shared, method):
    answer = shared.api(method, "/api/routes/x")
    assert answer.status == 405
    assert method == "HEAD" or answer.text == "Method not supported"


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/api/routesx", "/favicon.ico"])
def test_elsewhere_is_404_and_needs_no_token(shared, path):
    answer = shared.api("GET", path, token=None)
    assert (answer.status, answer.text) == (404, "Not Found")


def test_without_the_token_it_is_403_without_a_body(shared):
    wrong = [
        None,
        "token wrong",
        f"token {TOKEN}x",
        f"token {TOKEN[:-1]}",
        "token",
        "",
        f"Bearer {TOKEN}",
        f"Token {TOKEN}",
        f"token {TOKEN} and more",
        f"xtoken {TOKEN}",
    ]
    for token in wrong:
        for method, path in (("GET", "/api/routes"), ("POST", "/api/routes/x"), ("DELETE", "/api/routes/x")):
            answer = shared.api(method, path, {"target": TARGET}, token=token)
            assert (answer.status, answer.body) == (403, b""), (token, method)


def test_the_token_is_asked_for_before_the_body_is_read(shared):
    assert shared.api("POST", "/api/routes/x", b"{not json", token="token wrong").status == 403
    with connect(shared.api_place) as stream:
        stream.send("POST /api/routes/x HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999\r\n\r\n")
        assert stream.final().status in (403, 413)


def test_without_a_token_in_the_environment_everybody_may():
    with Proxy(token=None) as proxy:
        assert proxy.api("GET", "/api/routes", token=None).status == 200
        assert "not authenticated" in proxy.words()


def test_an_empty_token_is_not_meant():
    # configurable-http-proxy lets everybody in.
    status, _, error = ended(CONFIGPROXY_AUTH_TOKEN="")
    assert status == 1 and "CONFIGPROXY_AUTH_TOKEN is set but empty" in error


def hours_from_now(hours):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("name", ["inactive_since", "inactiveSince"])
def test_the_list_can_be_of_those_unused_since(proxy, name):
    proxy.route("/earlier", TARGET)
    earlier = proxy.activity("/earlier")
    # A clock of milliseconds may still show the same one; each POST makes the second route later.
    while True:
        proxy.route("/later", TARGET)
        if (later := proxy.activity("/later")) > earlier:
            break
    cases = {
        "1970-01-01T00:00:00.001Z": [],
        hours_from_now(-1): [],
        later: ["/earlier"],
        hours_from_now(1): ["/earlier", "/later"],
        "2099-01-01": ["/earlier", "/later"],
        "": ["/earlier", "/later"],
        "2000-01-01T00:00:00%2B02:00": [],
    }
    for since, keys in cases.items():
        answer = proxy.api("GET", f"/api/routes?{name}={since}")
        assert (answer.status, sorted(json.loads(answer.body))) == (200, keys), since
    assert json.loads(proxy.api("GET", f"/api/routes/later?{name}=1970-01-01").body)["target"] == TARGET


@pytest.mark.parametrize("since", ["endoftheuniverse", "bad", "2026-13-01", "%20"])
def test_what_is_no_date_is_400(shared, since):
    answer = shared.api("GET", f"/api/routes?inactiveSince={since}")
    assert answer.status == 400
    assert since == "%20" or answer.text == f"Invalid datestamp '{since}' must be ISO8601."


def test_the_name_of_javascript_wins(shared):
    assert shared.api("GET", "/api/routes?inactive_since=bad&inactiveSince=2020-01-01").status == 200
    assert shared.api("GET", "/api/routes?inactive_since=bad&inactiveSince=").status == 400


def test_host_routing_names_the_host_of_each_route():
    with Proxy("--host-routing") as proxy:
        proxy.route("/", TARGET)
        proxy.route("/ada.localhost/user/ada", TARGET)
        routes = proxy.routes()
        assert "host" not in routes["/"]
        assert routes["/ada.localhost/user/ada"]["host"] == "ada.localhost"


def test_answers_keep_the_connection_and_say_the_date(shared):
    with connect(shared.api_place) as stream:
        for _ in range(3):
            stream.send(f"GET /api/routes HTTP/1.1\r\nHost: h\r\nAuthorization: token {TOKEN}\r\n\r\n")
            answer = stream.final()
            assert (
                answer.status == 200
                and answer["Date"].endswith(" GMT")
                and answer["Connection"] in (None, "keep-alive")
            )


def test_a_route_is_in_force_when_its_answer_comes_and_gone_likewise(proxy):
    with Origin() as origin:
        for _ in range(50):
            assert proxy.get("/r/x").status == 404
            proxy.route("/r", origin.url)
            assert proxy.get("/r/x").status == 200
            assert proxy.api("DELETE", "/api/routes/r").status == 204
