"""The soak, as long as a test may take. `Tests/Soak/run` is the long one."""

import subprocess
import sys

from proxying import PROGRAM, ROOT


def test_mixed_load_harms_nobody():
    soak = [sys.executable, ROOT / "Tests" / "Soak" / "run", "--seconds", "20", "--proxy", PROGRAM]
    done = subprocess.run(soak, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-3000:]
