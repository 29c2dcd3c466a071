"""Which route serves which address: configurable-http-proxy's trie, and where ours decides otherwise on purpose."""

import json

import pytest

from origin import Origin
from proxying import Proxy
from wire import connect

TREE = ["/1", "/2", "/a/b/c/d", "/a/b/d", "/a/b/e", "/b", "/b/c", "/b/c/d"]
BEST = [
    ("/not/found", None),
    ("/1", "/1"),
    ("/1/", "/1"),
    ("/1/etc/etc/", "/1"),
    ("/a", None),
    ("/a/b/c", None),
    ("/a/b/c/d/e/f", "/a/b/c/d"),
    ("/b/c/d/word", "/b/c/d"),
    ("/b/c/dword", "/b/c"),
    ("/b/c", "/b/c"),
    ("/b?q=/c/d", "/b"),
    ("/bc", None),
    ("/10", None),
    ("/%62/c/d", "/b/c/d"),
    ("/B", None),
]


@pytest.fixture(scope="module")
def origin():
    with Origin() as origin:
        yield origin


@pytest.fixture
def proxy():
    with Proxy() as proxy:
        yield proxy


def serve(proxy, origin, *paths):
    """Each route with its own key as the target's path, so that an answer says who served."""
    for path in paths:
        proxy.route(path, origin.url + "/by" + path.rstrip("/"))


def server(answer):
    """The key of the route that an answer came from."""
    if answer.status == 404:
        return None
    assert answer.status == 200, answer
    return json.loads(answer.body)["url"]


@pytest.fixture(scope="module")
def tree(origin):
    with Proxy() as proxy:
        serve(proxy, origin, *TREE)
        yield proxy


@pytest.mark.parametrize("path, key", BEST)
def test_the_longest_prefix_of_whole_segments_serves(tree, path, key):
    assert server(tree.get(path)) == (key and f"/by{key}{path}")


def test_a_removed_route_uncovers_what_is_above_and_leaves_what_is_below(proxy, origin):
    serve(proxy, origin, *TREE)
    proxy.api("DELETE", "/api/routes/b")
    assert server(proxy.get("/b/just-b")) is None
    assert server(proxy.get("/b/c/sub")) == "/by/b/c/b/c/sub"
    proxy.api("DELETE", "/api/routes/a/b/c/d")
    assert server(proxy.get("/a/b/c/d/e/f")) is None
    serve(proxy, origin, "/", "/prefix/sub/tree")
    assert server(proxy.get("/prefix/sub")) == "/by/prefix/sub"
    serve(proxy, origin, "/prefix")
    assert server(proxy.get("/prefix/sub")) == "/by/prefix/prefix/sub"
    proxy.api("DELETE", "/api/routes/prefix/")
    assert server(proxy.get("/prefix/sub")) == "/by/prefix/sub"
    assert server(proxy.get("/anything")) == "/by/anything"


def test_names_that_a_javascript_object_has_are_names(proxy, origin):
    serve(proxy, origin, "/a")
    for path in ("/constructor", "/__proto__", "/toString/x"):
        assert server(proxy.get(path)) is None
    assert server(proxy.get("/a/constructor/__proto__")) == "/by/a/a/constructor/__proto__"


ESCAPED = [
    ("/b@r/b r", "/b%40r/b%20r", "/b%40r/b%20r/rest/of/it"),
    ("/b@r/b r", "/b@r/b%20r", "/b@r/b%20r/rest/of/it"),
    ("/user/秀樹", "/user/%E7%A7%80%E6%A8%B9", "/user/%e7%a7%80%E6%A8%B9/lab?x=%20"),
    ("/user/foo@bar", "/user/foo%40bar", "/user/foo@bar/path"),
]


@pytest.mark.parametrize("key, path, asked", ESCAPED)
def test_escapes_are_read_for_routing_and_sent_on_as_they_came(proxy, origin, key, path, asked):
    proxy.route(path, origin.url + "/foo")
    assert list(proxy.routes()) == [key]
    assert server(proxy.get(asked)) == "/foo" + asked


def test_bytes_beyond_ascii_may_come_unescaped_or_not_at_all(proxy, origin):
    proxy.route("/user/%C3%BC", origin.url)
    answer = proxy.send("GET /user/ü HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert answer.status in (200, 400)


# What two servers might read as two different routes, some of which configurable-http-proxy lets through.
UNCLEAR = [
    "/a/..%2f..%2fdown/x",
    "/a%2fx",
    "/a/%2e%2e/down",
    "/a/../down",
    "/a/./x",
    "/%2e/a",
    "/a/.%2e/down",
    "/a\\..\\down",
    "/a/%5c../down",
    "/%",
    "/%f",
    "/%zz",
    "/%ff",
    "/a/%c0%ae%c0%ae/down",
    "/a/%00",
    "/a/x%0d%0aX: y",
    "/a#fragment",
    "//down/a",
    "/a/..;/down",
]


@pytest.mark.parametrize("path", UNCLEAR)
def test_no_address_reaches_a_route_that_it_does_not_name(origin, path):
    with Proxy() as proxy, Origin(name="down") as down:
        proxy.route("/a", origin.url)
        proxy.route("/down", down.url)
        before = len(origin.requests)
        answer = proxy.get(path)
        assert not down.requests
        if answer.status == 200:
            # Passed on: then to `/a`, under an address that still begins so, however its target reads it.
            assert origin.requests[before].target == path and path.startswith("/a/")
            assert "%2f" not in path and ".." not in path.replace("..;", "")
        else:
            assert answer.status in (400, 404) and len(origin.requests) == before


def test_the_form_with_a_host_routes_by_its_path(proxy, origin):
    serve(proxy, origin, "/a")
    asked = proxy.send(f"GET http://127.0.0.1:{proxy.port}/a/x?y HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n\r\n")
    assert server(asked) == "/by/a/a/x?y"


# With --host-routing


@pytest.fixture(scope="module")
def hosts(origin):
    with Proxy("--host-routing") as proxy:
        serve(proxy, origin, "/", "/test.localhost.jovyan.org", "/ada.localhost/user/ada", "/ada.localhost")
        yield proxy


HOSTS = [
    ("test.localhost.jovyan.org", "/some/path", "/by/test.localhost.jovyan.org/some/path"),
    ("test.localhost.jovyan.org:8000", "/some/path", "/by/test.localhost.jovyan.org/some/path"),
    ("TEST.localhost.Jovyan.ORG", "/some/path", "/by/test.localhost.jovyan.org/some/path"),
    ("ada.localhost", "/user/ada/lab", "/by/ada.localhost/user/ada/user/ada/lab"),
    ("ada.localhost", "/user/adam", "/by/ada.localhost/user/adam"),
    ("bob.localhost", "/user/ada", "/by/user/ada"),
    ("xada.localhost", "/", "/by/"),
    ("localhost", "/ada.localhost/user/ada", "/by/ada.localhost/user/ada"),
]


@pytest.mark.parametrize("host, path, url", HOSTS)
def test_the_host_is_the_first_segment(hosts, host, path, url):
    assert server(hosts.get(path, host=host)) == url


def test_without_a_route_of_its_host_a_request_is_404_unless_there_is_a_root(origin):
    with Proxy("--host-routing") as proxy:
        serve(proxy, origin, "/ada.localhost")
        assert proxy.get("/", host="bob.localhost").status == 404
        assert proxy.get("/", host="ada.localhost").status == 200


def test_no_host_can_climb_out_of_itself(hosts):
    for host in (
        "ada.localhost/user/ada",
        "..",
        "a/../ada.localhost",
        "ada.localhost%2fuser",
        "x@ada.localhost",
        "ada.localhost:x",
    ):
        assert hosts.get("/", host=host).status in (400, 200)
        assert b"ada.localhost" not in hosts.get("/", host=host).body.split(b"headers")[0]


# With paths that are cut or not prepended

FORMS = [
    ([], "/foo/bar/rest/of/it?q"),
    (["--no-prepend-path"], "/bar/rest/of/it?q"),
    (["--no-include-prefix"], "/foo/rest/of/it?q"),
    (["--no-prepend-path", "--no-include-prefix"], "/rest/of/it?q"),
]


@pytest.mark.parametrize("options, url", FORMS)
def test_prefixes_are_included_and_paths_prepended_unless_said_otherwise(origin, options, url):
    with Proxy(*options) as proxy:
        proxy.route("/bar", origin.url + "/foo")
        assert server(proxy.get("/bar/rest/of/it?q")) == url


PREFIXES = [
    ("/b%40r", "/b@r/x", "/x"),
    ("/b%40r", "/b%40r/x", "/x"),
    ("/a%20b/c", "/a%20b/c?x", "/?x"),
    ("/a%20b/c", "/a%20b/c/", "/"),
    ("/", "/x/y", "/x/y"),
]


@pytest.mark.parametrize("path, asked, url", PREFIXES)
def test_a_prefix_is_cut_segment_by_segment(origin, path, asked, url):
    # configurable-http-proxy cuts as many characters as the decoded prefix has, and sends `/0r/x`.
    with Proxy("--no-include-prefix") as proxy:
        proxy.route(path, origin.url)
        assert server(proxy.get(asked)) == url


def test_a_cut_prefix_and_a_host_go_together(origin):
    with Proxy("--no-include-prefix", "--host-routing") as proxy:
        proxy.route("/ada.localhost/user/ada", origin.url)
        assert server(proxy.get("/user/ada/lab?x", host="ada.localhost")) == "/lab?x"


JOINED = [
    ("", "/t/x?y", "/t/x?y"),
    ("/", "/t/x?y", "/t/x?y"),
    ("/base", "/t/x?y", "/base/t/x?y"),
    ("/base/", "/t", "/base/t"),
    ("/base", "/t//x", "/base/t//x"),
]


@pytest.mark.parametrize("base, asked, url", JOINED)
def test_paths_are_joined_without_a_second_slash(proxy, origin, base, asked, url):
    proxy.route("/t", origin.url + base)
    assert server(proxy.get(asked)) == url


def test_pipelined_requests_are_each_routed(tree):
    with connect(tree.place) as stream:
        stream.send(*(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n" for path, _ in BEST))
        assert [server(stream.final()) for _ in BEST] == [key and f"/by{key}{path}" for path, key in BEST]
