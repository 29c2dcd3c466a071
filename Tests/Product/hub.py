"""An unmodified JupyterHub with the proxy under test as its `configurable-http-proxy`, and a person at it by HTTP."""

import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import urllib.parse
import uuid

import requests
import websocket

from demo import eventually, is_running
from proxying import PROGRAM, environment, free_port

CONFIGURATION = """
import sys
c.ConfigurableHTTPProxy.command = [{program!r}]
c.ConfigurableHTTPProxy.api_url = "{api_url}"
c.ConfigurableHTTPProxy.auth_token = {proxy_token!r}
c.ConfigurableHTTPProxy.check_running_interval = 1
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "{scheme}://127.0.0.1:{hub_port}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = ".*"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.JupyterHub.last_activity_interval = 1
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}, "admin": True}}]
scopes = ["admin:users", "admin:servers", "proxy", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "tests", "services": ["tests"], "scopes": scopes}}]
"""


class Hub:
    """`with Hub(directory, "more of the configuration")`: started, and ready for a login."""

    options = ("--debug",)

    def __init__(self, directory, more="", internal_ssl=False):
        self.directory, self.port, self.api_port, self.hub_port = (
            pathlib.Path(directory),
            free_port(),
            free_port(),
            free_port(),
        )
        self.url, self.host = f"http://127.0.0.1:{self.port}", f"127.0.0.1:{self.port}"
        self.token, self.proxy_token = secrets.token_hex(16), secrets.token_hex(16)
        (self.directory / "homes").mkdir(exist_ok=True)
        scheme = "https" if internal_ssl else "http"
        (self.directory / "jupyterhub_config.py").write_text(
            CONFIGURATION.format(
                program=PROGRAM,
                api_url=f"{scheme}://127.0.0.1:{self.api_port}",
                proxy_token=self.proxy_token,
                port=self.port,
                scheme=scheme,
                hub_port=self.hub_port,
                homes=str(self.directory / "homes" / "{username}"),
                token=self.token,
            )
            + more.format(**vars(self))
        )
        self.log, self.process = self.directory / "hub.log", None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()
        # What a hub was told to leave running.
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    def start(self):
        variables = {name: None for name in os.environ if name.startswith(("JUPYTER", "ORRERY_"))}
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", *self.options],
                cwd=self.directory,
                env=environment(**variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.answers_through_the_proxy()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(60)

    def words(self):
        return self.log.read_text(errors="replace")[-6000:]

    def all_words(self):
        return self.log.read_text(errors="replace")

    def processes(self):
        return processes_below(self.directory)

    def proxy_pid(self):
        """0 while JupyterHub writes it."""
        return int((self.directory / "jupyterhub-proxy.pid").read_text() or 0)

    def request(self, method, path, **named):
        """Through the proxy, never through one of the environment."""
        session = named.pop("session", None) or requests
        named.setdefault("headers", {}).setdefault("Host", self.host)
        return session.request(method, self.url + path, timeout=60, proxies={"http": None}, **named)

    def answers_through_the_proxy(self, limit=60):
        def answers():
            assert self.process.poll() is None, f"JupyterHub ended with {self.process.returncode}:\n{self.words()}"
            return self.api("GET", "/info").status_code == 200

        eventually(answers, lambda: f"JupyterHub behind the proxy:\n{self.words()}", limit)

    def api(self, method, path, **named):
        return self.request(method, f"/hub/api{path}", headers={"Authorization": f"token {self.token}"}, **named)

    def user(self, name):
        return self.api("GET", f"/users/{urllib.parse.quote(name, safe='')}").json()

    def routes(self):
        """What the proxy has, asked at the proxy."""
        answer = requests.get(
            f"http://127.0.0.1:{self.api_port}/api/routes",
            headers={"Authorization": f"token {self.proxy_token}"},
            timeout=10,
            proxies={"http": None},
        )
        assert answer.status_code == 200, answer
        return answer.json()

    def spawned(self, name):
        """Starts the person's server unless it runs, and returns its path, escaped as browsers send it."""
        escaped = urllib.parse.quote(name, safe="")
        self.api("POST", f"/users/{escaped}")
        started = self.api("POST", f"/users/{escaped}/server")
        assert started.status_code in (201, 202) or "already running" in started.text, started.text
        server = eventually(
            lambda: self.user(name)["servers"].get("", {}).get("ready") and self.user(name)["servers"][""],
            lambda: f"the server of {name}:\n{self.words()}",
            120,
        )
        return urllib.parse.urlsplit(server["url"]).path


def processes_below(directory):
    """All processes that run in this directory or below it, or have it in their environment."""
    found, name = [], os.fsencode(directory)
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            if os.readlink(os.fsencode(entry / "cwd")).startswith(name) or name in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            pass
    return [pid for pid in found if is_running(pid)]


class Person:
    """A session of requests, logged in as a browser would be."""

    def __init__(self, hub, name):
        self.hub, self.name, self.session = hub, name, requests.Session()
        page = self.get("/hub/login")
        token = re.search(r'name="_xsrf" value="(.+?)"', page.text)[1]
        answer = hub.request(
            "POST",
            "/hub/login",
            session=self.session,
            allow_redirects=False,
            data={"username": name, "password": "x", "_xsrf": token},
        )
        assert answer.status_code == 302, answer.text

    def get(self, path, **named):
        return self.hub.request("GET", path, session=self.session, **named)

    def cookies(self):
        return "; ".join(f"{each.name}={each.value}" for each in self.session.cookies)


class Kernel:
    """A kernel of the server at `base`, started through the proxy, with its WebSocket open."""

    def __init__(self, hub, base):
        said = {"Authorization": f"token {hub.token}"}
        kernel = hub.request("POST", f"{base}api/kernels", headers=dict(said), json={"name": "python3"})
        assert kernel.status_code == 201, (kernel.status_code, kernel.text)
        self.channel = websocket.create_connection(
            f"ws://127.0.0.1:{hub.port}{base}api/kernels/{kernel.json()['id']}/channels",
            timeout=60,
            header=said,
            host=hub.host,
            suppress_origin=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def run(self, code):
        number = self.ask(code)
        printed = ""
        while True:
            message = json.loads(self.channel.recv())
            if message["parent_header"].get("msg_id") != number:
                continue
            if message["msg_type"] == "stream":
                printed += message["content"]["text"]
            assert message["msg_type"] != "error", message["content"]
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return printed

    def ask(self, code):
        """Begins to run `code`; the number of the question."""
        number = uuid.uuid4().hex
        self.channel.send(
            json.dumps(
                {
                    "header": {
                        "msg_id": number,
                        "msg_type": "execute_request",
                        "username": "",
                        "session": number,
                        "version": "5.3",
                    },
                    "parent_header": {},
                    "metadata": {},
                    "channel": "shell",
                    "buffers": [],
                    "content": {
                        "code": code,
                        "silent": False,
                        "store_history": True,
                        "user_expressions": {},
                        "allow_stdin": False,
                    },
                }
            )
        )
        return number
