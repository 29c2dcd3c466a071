"""A restart with sessions on several clusters, small: the benchmark's own way, without its bars on time."""
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Benchmarks"))

import spawns  # noqa: E402
from test_issuer_keys import PROGRAM  # noqa: E402


def test_a_restart_stops_nothing_and_makes_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(spawns, "PROGRAM", PROGRAM)
    with contextlib.ExitStack() as stack:
        figures = spawns.measure(spawns.Bench(tmp_path, 60, 3), stack, apart=False)
    assert figures["sessions"] == 60
    assert figures["stopped"] == figures["doubled"] == 0, figures
