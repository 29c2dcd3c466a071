"""`c.ConfigurableHTTPProxy.command = ["orrery-proxy"]` in an unmodified JupyterHub, and its own tests."""

import os
import re
import signal
import subprocess
import sys

import pytest
import requests

from demo import eventually, is_running
from hub import Hub, Kernel, Person, processes_below
from proxying import PROGRAM, Proxy

KEEP = "c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = False\n"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with Hub(tmp_path_factory.mktemp("hub"), KEEP) as hub:
        yield hub


@pytest.mark.parametrize("name", ["ada", "has@mail.example", "秀樹"])
def test_a_person_logs_in_and_runs_a_cell(hub, name):
    person = Person(hub, name)
    assert person.get("/hub/home").status_code == 200
    base = hub.spawned(name)
    assert person.get(base + "lab").status_code == 200
    key = f"/user/{name}"
    assert hub.routes()[key]["user"] == name
    with Kernel(hub, base) as kernel:
        assert kernel.run("print(6 * 7)") == "42\n"
        # A person who only sees other people's pages has no way in here.
        assert Person(hub, "mallory").get(f"{base}api/kernels").status_code in (401, 403)
        seen = hub.routes()[key]["last_activity"], hub.user(name)["servers"][""]["last_activity"]
        eventually(
            lambda: (
                kernel.run("1") == ""
                and hub.routes()[key]["last_activity"] > seen[0]
                and hub.user(name)["servers"][""]["last_activity"] > seen[1]
            ),
            "activity moves at the proxy and at the hub",
        )


def test_what_is_not_there_is_the_hubs_page(hub):
    answer = hub.request("GET", "/user/nobody/lab?x=1", allow_redirects=False)
    assert answer.status_code == 302 and "/hub/user/nobody/lab" in answer.headers["Location"]
    assert Person(hub, "eve").get("/hub/no-such-page").status_code == 404


def test_a_killed_proxy_is_restarted_with_all_routes(hub):
    base = hub.spawned("ada")
    before, pid = hub.routes(), hub.proxy_pid()
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: hub.proxy_pid() != pid and hub.routes().keys() == before.keys(),
        lambda: f"the routes are back:\n{hub.words()}",
    )
    assert {key: route["target"] for key, route in hub.routes().items()} == {
        key: route["target"] for key, route in before.items()
    }
    with Kernel(hub, base) as kernel:
        assert kernel.run("print('after')") == "after\n"


def test_a_hub_may_restart_while_servers_go_on(hub):
    base = hub.spawned("ada")
    with Kernel(hub, base) as kernel:
        kernel.run("kept = 'kept'")
        pid = hub.proxy_pid()
        hub.end()
        # Nobody is there to ask, and the person at the notebook does not notice.
        assert kernel.run("print(kept)") == "kept\n"
        assert hub.request("GET", f"{base}api/status", headers={"Authorization": f"token {hub.token}"}).status_code in (
            200,
            500,
        )
        assert hub.request("GET", "/hub/login").status_code == 503
    hub.start()
    assert not is_running(pid) and hub.user("ada")["servers"][""]["ready"]
    with Kernel(hub, base) as kernel:
        assert kernel.run("print(1)") == "1\n"


def test_a_stopped_servers_route_is_gone(hub):
    base = hub.spawned("ada")
    assert hub.api("DELETE", "/users/ada/server").status_code in (202, 204)
    eventually(lambda: "/user/ada" not in hub.routes(), "the route is gone")
    assert "/hub/user/ada/" in hub.request("GET", base, allow_redirects=False).headers["Location"]


def test_a_proxy_of_its_own_outlives_the_hub_and_is_filled_again(tmp_path):
    more = KEEP + "c.ConfigurableHTTPProxy.should_start = False\n"
    hub = Hub(tmp_path, more)
    public, api = ("127.0.0.1", hub.port), ("127.0.0.1", hub.api_port)
    options = ["--ip", "127.0.0.1", "--port", hub.port, "--api-ip", "127.0.0.1", "--api-port", hub.api_port]
    with (
        Proxy(
            *options,
            "--error-target",
            f"http://127.0.0.1:{hub.hub_port}/hub/error",
            token=hub.proxy_token,
            public=public,
            api=api,
        ) as proxy,
        hub,
    ):
        base = hub.spawned("ada")
        with Kernel(hub, base) as kernel:
            hub.end()
            assert kernel.run("print('no hub')") == "no hub\n"
            hub.start()
            assert kernel.run("print('same connection')") == "same connection\n"
        routes = hub.routes()
        hub.end()
        # What was in a proxy before is not the hub's to trust: it starts empty, and the hub fills it.
        assert proxy.end() == 2
        proxy.start()
        assert proxy.routes() == {}
        hub.start()
        eventually(lambda: hub.routes().keys() == routes.keys(), lambda: f"the routes are back: {hub.routes().keys()}")
        proxy.end()
        proxy.start()
        assert hub.routes() == {}
        # An empty proxy does not even know the way to the hub's REST API.
        poked = requests.post(
            f"http://127.0.0.1:{hub.hub_port}/hub/api/proxy",
            headers={"Authorization": f"token {hub.token}"},
            timeout=30,
            proxies={"http": None},
        )
        assert poked.status_code == 200, poked.text
        assert hub.routes().keys() == routes.keys()
        with Kernel(hub, base) as kernel:
            assert kernel.run("print(1)") == "1\n"


def test_each_person_may_have_a_host_of_their_own(tmp_path):
    hub = Hub(tmp_path, 'c.JupyterHub.subdomain_host = "http://hub.localhost:{port}"\n')
    hub.host = f"hub.localhost:{hub.port}"
    with hub:
        base = hub.spawned("ada")
        own = f"ada.hub.localhost:{hub.port}"
        said = {"Authorization": f"token {hub.token}"}
        assert "/ada.hub.localhost/user/ada" in hub.routes()
        assert hub.request("GET", f"{base}api/status", headers={**said, "Host": own}).status_code == 200
        # At the hub's host there is no such server, only the hub.
        assert (
            hub.request(
                "GET", f"{base}api/status", headers={**said, "Host": hub.host}, allow_redirects=False
            ).status_code
            != 200
        )
        hub.host = own
        with Kernel(hub, base) as kernel:
            assert kernel.run("print('own host')") == "own host\n"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_everything_behind_the_proxy_may_speak_tls(tmp_path):
    # Absolute: a single-user server runs in a directory of its own.
    certificates = f"c.JupyterHub.internal_certs_location = {str(tmp_path / 'certificates')!r}\n"
    with Hub(tmp_path, "c.JupyterHub.internal_ssl = True\n" + certificates, internal_ssl=True) as hub:
        base = hub.spawned("ada")
        with Kernel(hub, base) as kernel:
            assert kernel.run("print('inside')") == "inside\n"
        command = next(each for each in hub.all_words().splitlines() if "Proxy cmd:" in each)
        assert "--client-ssl-ca" in command and PROGRAM in command
        # The REST interface takes nobody without a certificate of the hub's own authority.
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(
                f"https://127.0.0.1:{hub.api_port}/api/routes",
                headers={"Authorization": f"token {hub.proxy_token}"},
                timeout=10,
                verify=False,
                proxies={"https": None},
            )


SUITES = ["test_proxy", "test_unix_socket", "test_internal_ssl_connections"]


@pytest.mark.parametrize("suite", SUITES)
def test_jupyterhubs_own_tests_pass(suite, tmp_path):
    """Its tests start `configurable-http-proxy` from the PATH; here that is ours. Nothing else of them is changed."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "configurable-http-proxy").symlink_to(PROGRAM)
    path = os.pathsep.join([str(tmp_path / "bin"), os.path.dirname(sys.executable), os.environ["PATH"]])
    options = [
        "-o",
        "asyncio_mode=auto",
        "-o",
        "asyncio_default_fixture_loop_scope=module",
        "-o",
        "asyncio_default_test_loop_scope=module",
    ]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--tb=short",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
            "--rootdir",
            tmp_path,
            *options,
            "--pyargs",
            f"jupyterhub.tests.{suite}",
        ],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    # Some of its tests leave a server running.
    for pid in processes_below(tmp_path):
        os.kill(pid, signal.SIGKILL)
    assert done.returncode == 0, done.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= {"test_proxy": 32}.get(suite, 1)
