"""`--state-dir`: the routes of the last start, whenever and however that ended."""
import hashlib
import json
import random
import signal
import threading
import time

from demo import eventually
from origin import Origin
from proxying import Proxy, ended
from wire import Ended

TARGET = "http://127.0.0.1:9"
ROUNDS = 8


def keys_in(path):
    """The prefixes in a file of routes, in their order, which must be whole."""
    head, body = path.read_bytes().split(b"\n", 1)
    name, version, length, digest = head.decode().split(" ")
    assert (name, version, int(length)) == ("orrery-proxy-routes", "1", len(body))
    assert hashlib.sha256(body).hexdigest() == digest
    return [json.loads(line)["set"] for line in body.splitlines()[1:]]


class Writer(threading.Thread):
    """Sets /r/0, /r/1, … one after the other until the proxy is gone; knows how many were answered."""

    def __init__(self, proxy, first):
        super().__init__()
        self.proxy, self.first, self.answered = proxy, first, first

    def run(self):
        try:
            while True:
                self.proxy.route(f"/r/{self.answered}", TARGET, note="x" * 500)
                self.answered += 1
        except (OSError, AssertionError, Ended):
            pass


def test_a_proxy_that_is_killed_at_any_moment_finds_the_old_file_or_the_new_one(tmp_path):
    state, dice = tmp_path / "state", random.Random(4711)
    proxy = Proxy("--state-dir", state, "--workers", "1")
    kept = 0
    try:
        for _ in range(ROUNDS):
            writer = Writer(proxy, kept)
            writer.start()
            # About when the file is written, which is once a second: that is what is to be interrupted.
            time.sleep(dice.uniform(0.8, 1.3))
            proxy.process.send_signal(signal.SIGKILL)
            proxy.process.wait(10)
            writer.join(30)
            before = kept
            if (state / "routes").exists():
                keys = keys_in(state / "routes")
                # Some moment of the past, and whole: no hole, nothing after it.
                assert sorted(keys, key=lambda key: int(key[3:])) == [f"/r/{n}" for n in range(len(keys))]
                assert before <= len(keys) <= writer.answered + 1
                kept = len(keys)
            proxy.start()
            assert len(proxy.routes()) == kept
            assert "damaged" not in proxy.words()
        assert kept > 0, "the file was never written: nothing was tested"
    finally:
        proxy.end()


def test_an_orderly_end_loses_nothing(tmp_path):
    with Proxy("--state-dir", tmp_path) as proxy, Origin() as origin:
        for number in range(50):
            proxy.route(f"/r/{number}", origin.url, user=f"u{number}")
        before = proxy.routes()
        proxy.end()
        proxy.start()
        assert {key: {**route, "last_activity": ""} for key, route in proxy.routes().items()} == {
            key: {**route, "last_activity": ""} for key, route in before.items()
        }
        assert proxy.get("/r/7/x").status == 200


def test_last_use_outlives_a_restart(tmp_path):
    with Proxy("--state-dir", tmp_path) as proxy:
        proxy.route("/r", TARGET)
        was = proxy.activity("/r")
        proxy.end()
        time.sleep(0.05)  # so that the clock says something else
        proxy.start()
        assert proxy.activity("/r") == was


def test_without_the_option_nothing_is_remembered():
    with Proxy() as proxy:
        proxy.route("/r", TARGET)
        proxy.end()
        proxy.start()
        assert proxy.routes() == {}


def test_a_file_that_was_changed_is_put_aside(tmp_path):
    with Proxy("--state-dir", tmp_path) as proxy:
        proxy.route("/user/ada", TARGET)
        proxy.end()
        text = (tmp_path / "routes").read_text()
        (tmp_path / "routes").write_text(text.replace("127.0.0.1:9", "127.0.0.1:7"))
        proxy.start()
        assert proxy.routes() == {}
        assert (tmp_path / "routes.damaged").read_text() == text.replace("127.0.0.1:9", "127.0.0.1:7")
        eventually(lambda: "its bytes are not those that were written" in proxy.words(), "the log says why")


def test_a_directory_has_one_proxy(tmp_path):
    with Proxy("--state-dir", tmp_path):
        status, _, words = ended("--port", 0, "--api-port", 0, "--state-dir", tmp_path)
    assert status == 1 and "belongs to another proxy that is running" in words
