"""Starts `deploy/demo` and looks into it: processes, logs, and the clusters' APIs as their administrator."""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

PORT = int(os.environ.get("ORRERY_TEST_PORT", "18000"))
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def eventually(probe, what, limit=60.0):
    """What `probe` returns once it is true; fails with `what` (a text or a function that makes one) at the limit.

    Whoever is asked may not be there yet, or not answer in time: an OSError, as all of requests' errors are, means not yet."""
    deadline = time.monotonic() + limit
    while True:
        trouble = None
        try:
            if value := probe():
                return value
        except OSError as error:
            trouble = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit:.0f} s: {what() if callable(what) else what}") from trouble
        time.sleep(0.1)  # between two looks, not instead of one


class Demo:
    def __init__(self, root, results):
        self.root, self.results = root, results
        self.state = root / ".build" / "test-demo"
        self.port = PORT
        self.url = f"http://127.0.0.1:{PORT}"
        self.process = None
        self.people = {}
        self.lab = ""

    def start(self):
        """A fresh state each run, with the shipped policy and one profile more: its image does not exist."""
        shutil.rmtree(self.state, ignore_errors=True)
        policy = self.results / "policy"
        shutil.rmtree(policy, ignore_errors=True)
        shutil.copytree(self.root / "profiles", policy)
        self.add_broken_profile(policy / "profiles.yaml")
        self.process = subprocess.Popen(
            [self.root / "deploy" / "demo", "--port", str(PORT), "--state", self.state, "--policy", policy],
            stdout=open(self.results / "demo.out", "w"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        eventually(lambda: (self.state / "ready").exists() or self.process.poll() is not None,
                   lambda: f"the demo is up:\n{self.words()}", limit=1200)
        assert self.process.poll() is None, f"deploy/demo ended:\n{self.words()}"
        self.lab = re.search(r'environment: "(.*?)"', (self.state / "north/pocket.yaml").read_text())[1]
        self.people = json.loads((self.state / "provider" / "people.json").read_text())

    @staticmethod
    def add_broken_profile(path):
        import yaml
        documents = yaml.safe_load(path.read_text())
        environment = dict(next(iter(documents["environments"].values())))
        environment.update(title="Missing image", digest="sha256:" + "0" * 63 + "1")
        documents["environments"]["missing"] = environment
        documents["profiles"]["broken"] = {
            **documents["profiles"]["standard"], "title": "Broken", "default": False, "environments": ["missing"]}
        # Through JSON, so that nothing shared becomes an anchor, which policy documents may not have.
        path.write_text(yaml.safe_dump(json.loads(json.dumps(documents)), sort_keys=False))

    def words(self):
        return (self.results / "demo.out").read_text()[-3000:]

    def log(self, part):
        return (self.state / "log" / f"{part}.log").read_text(errors="replace")

    def pid(self, part):
        return int((self.state / f"{part}.pid").read_text())

    def kill(self, part, number=signal.SIGKILL):
        pid = self.pid(part)
        os.kill(pid, number)
        eventually(lambda: not is_running(pid), f"{part} has ended")

    def start_again(self, part):
        """With the very command that the demo used."""
        state = shlex.quote(str(self.state))
        subprocess.run(["sh", "-c", f"setsid sh {state}/{part}.command >>{state}/log/{part}.log 2>&1 </dev/null &"
                                    f" echo $! >{state}/{part}.pid"], check=True)

    def orrery(self, *words):
        """What a command of `orrery` prints, run as the hub's account."""
        return subprocess.run(
            [self.root / ".build/debug/orrery", *words, "--config", self.state / "orrery.yaml"], capture_output=True,
            text=True, check=True).stdout

    def hub_answers(self):
        try:
            return DIRECT.open(self.url + "/hub/api", timeout=2).status == 200
        except OSError:
            return False

    def kubernetes(self, cluster, method, path, body=None):
        """One call to a cluster's API as its administrator: (status, object). South's is asked from where it is."""
        base = {"north": PORT + 443, "south": PORT + 444}[cluster]
        token = (self.state / cluster / "admin.token").read_text().strip()
        answer = subprocess.run(
            self.at(cluster) + ["curl", "--noproxy", "*", "-s", "-m", "10", "-X", method, "-K", "-", "-w", "\\n%{http_code}",
                                f"http://127.0.0.1:{base}{path}"],
            # What is secret or long comes through a pipe.
            input=f'header = "Authorization: Bearer {token}"\nheader = "Content-Type: application/json"\n'
                  + ("" if body is None else f"data = {json.dumps(json.dumps(body))}\n"),
            capture_output=True, text=True, check=True).stdout
        text, status = answer.rsplit("\n", 1)
        return int(status), json.loads(text or "{}")

    def at(self, cluster):
        """The beginning of a command that runs where the cluster's pods are."""
        network = self.state / cluster / "network"
        return [self.root / "deploy/parts/island", "enter", network] if (network / "pid").exists() else []

    def pods(self, cluster):
        return self.kubernetes(cluster, "GET", "/api/v1/namespaces/hub/pods")[1]["items"]

    def processes(self):
        """Every process whose command line names this demo's state or lab, as `pid command`."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in (os.getpid(), os.getppid()):
                try:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                # A lab outside of the repository may be another demo's too.
                if str(self.state) in line or self.lab.startswith(str(self.root)) and self.lab in line:
                    found.append(f"{entry.name} {line.strip()}")
        return found

    def end(self):
        """Ctrl-C, and nothing may be left."""
        if self.process is None or self.process.poll() is not None:
            return
        # As from a terminal: whoever runs the tests in the background has this signal ignored, and hands that on.
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            raise
        assert status == 0, f"deploy/demo did not end cleanly:\n{self.words()}"
        eventually(lambda: not self.processes(), lambda: f"nothing is left running: {self.processes()}")


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
