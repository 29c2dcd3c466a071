"""`orrery up`: hub and proxy in one process, with the same configuration."""
import re
import signal
import subprocess

from demo import DIRECT, PORT, eventually


def test_up_serves_and_ends(demo, results, tmp_path):
    text = (demo.state / "orrery.yaml").read_text()
    # Other ports and another database: this one runs beside the demo, with the same provider and clusters' policy.
    for old, new in ((PORT, PORT + 2000), (PORT + 1, PORT + 2001), (PORT + 81, PORT + 2081), (PORT + 82, PORT + 2082)):
        text = re.sub(rf"\b{old}\b", str(new), text)
    text = text.replace(str(demo.state / "hub.sqlite"), str(tmp_path / "hub.sqlite"))
    text = text.replace("policy: policy", f"policy: {demo.state / 'policy'}")
    (tmp_path / "orrery.yaml").write_text(text)
    with open(results / "up.log", "w") as log:
        up = subprocess.Popen([demo.root / ".build/debug/orrery", "up", "--config", tmp_path / "orrery.yaml"],
                              stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{PORT + 2000}/hub/login"

        def page():
            assert up.poll() is None, (results / "up.log").read_text()
            return DIRECT.open(url, timeout=2).read().decode()
        assert "Demo Institute" in eventually(page, "the login page through the proxy")
    finally:
        up.send_signal(signal.SIGTERM)
        assert up.wait(15) == 0, (results / "up.log").read_text()[-2000:]
