#!/usr/bin/env python3
"""What a session costs the hub without its clusters, and where that goes. Needs `perf` (linux-perf) and a release build.

    Tests/Benchmarks/spawn-cpu.py [--people 200] [--clusters 2] [--rounds 1] [--beside PROGRAM] [--stacks FILE] [--bars]

spawns.py with hub and proxy as processes of their own, while `perf` looks 499 times in a second of the hub's CPU at what it does.
What has the Kubernetes client anywhere on its stack belongs to the clusters: requests and answers, pods as JSON, watches. Of the
thread that makes all HTTP requests (libcurl) three quarters belong to them: a session takes Secret, ConfigMap and pod of its
cluster, and one request of its own server. All else is the hub's, also what cannot be placed. The bar is 1 ms of that.

The share is from one run, so that a busy machine hardly changes it; milliseconds it does change, to twice as many. To compare two
builds, give the other one as --beside: both take turns. `ORRERY` and `ORRERY_PROXY` name the programs.
"""
import argparse
import collections
import contextlib
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import spawns  # noqa: E402

CLIENT, CALLS = "the clusters' client", "requests (libcurl)"
CLUSTERS = re.compile(r"\$s16OrreryKubernetes")
# Whichever is found first from the innermost frame outwards.
PARTS = [
    (CALLS, re.compile(r"\$s11OrreryFetch|libcurl")),
    ("the database", re.compile(r"\$s11OrreryStore|\$s4GRDB|libsqlite")),
    ("the choice of a cluster", re.compile(r"\$s12OrreryPolicy")),
    ("the log", re.compile(r"\$s7Logging|OneLineLogHandler")),
    ("sessions", re.compile(r"\$s11OrrerySpawn")),
    ("requests of people and proxies", re.compile(r"NIO|Hummingbird")),
    ("the hub's other parts", re.compile(r"\$s\d+Orrery")),
]
REST = "tasks and threads"
# Of four requests that a session takes the hub would make one without any cluster.
THEIRS = 3 / 4
BAR = 1.0


def part(frames):
    if any(CLUSTERS.search(frame) for frame in frames):
        return CLIENT
    for frame in frames:
        for name, pattern in PARTS:
            if pattern.search(frame):
                return name
    return REST


def stacks(text):
    """Those that `perf script` wrote, the innermost frame of each first."""
    for block in text.split("\n\n"):
        frames = [line.strip() for line in block.strip("\n").split("\n")[1:]]
        if frames:
            yield frames


class Watched(spawns.Bench):
    """A bench at whose hub perf looks while people start their sessions."""

    hub_process = perf = None

    @contextlib.contextmanager
    def running(self, name, *arguments, program=None):
        with super().running(name, *arguments, program=program) as process:
            if name == "hub":
                self.hub_process = process.pid
            yield process

    def enrol(self):
        super().enrol()
        written = self.state / "perf.data"
        self.perf = subprocess.Popen(
            ["perf", "record", "-q", "-e", "cpu-clock", "-F", "499", "--call-graph", "dwarf,16384", "-p",
             str(self.hub_process), "-o", str(written)], stderr=subprocess.DEVNULL)
        spawns.until(written.exists)

    def routes(self):
        # Asked first when all are ready.
        if self.perf.poll() is None:
            self.perf.send_signal(2)
            self.perf.wait(120)
        return super().routes()

    def seen(self):
        return subprocess.run(
            ["perf", "script", "-i", str(self.state / "perf.data"), "-F", "comm,tid,ip,sym,dso", "--no-demangle"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", check=True).stdout


def measure(program, wanted):
    """Milliseconds of each part for a session of the hub that is `program`."""
    spawns.PROGRAM = program
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        bench = Watched(pathlib.Path(directory), wanted.people, wanted.clusters)
        whole = spawns.measure(bench, stack, apart=True)["cpu_ms_per_spawn"]
        text = bench.seen()
    if wanted.stacks:
        wanted.stacks.write_text(text)
    counted = collections.Counter(map(part, stacks(text)))
    one = whole / sum(counted.values())
    theirs = one * (counted[CLIENT] + THEIRS * counted[CALLS])
    return {"whole": whole, "without": whole - theirs,
            "parts": {name: round(one * count, 2) for name, count in counted.most_common()}}


def summary(rounds):
    middle = sorted(rounds, key=lambda one: one["without"])[len(rounds) // 2]
    return {"ms_per_spawn": [one["whole"] for one in rounds],
            "without_the_clusters_ms": [round(one["without"], 2) for one in rounds],
            "the_hubs_share": round(statistics.median(one["without"] / one["whole"] for one in rounds), 3),
            "parts_ms_of_the_middle_one": middle["parts"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--clusters", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--beside", help="another build of the hub, to take turns with")
    parser.add_argument("--stacks", type=pathlib.Path, help="keep what perf saw in the last round")
    parser.add_argument("--bars", action="store_true", help="fail when the bar is missed")
    wanted = parser.parse_args()
    programs = [wanted.beside, spawns.PROGRAM] if wanted.beside else [spawns.PROGRAM]
    turns = [[measure(program, wanted) for program in programs] for _ in range(wanted.rounds)]
    figures = {"people": wanted.people, "clusters": wanted.clusters} | summary([turn[-1] for turn in turns])
    if wanted.beside:
        figures["beside"] = summary([turn[0] for turn in turns])
        for name, key in (("ratio", "whole"), ("ratio_without_the_clusters", "without")):
            figures[name] = [round(ours[key] / other[key], 3) for other, ours in turns]
    print(json.dumps(figures, indent=2))
    least = min(figures["without_the_clusters_ms"])
    if wanted.bars and least > BAR:
        sys.exit(f"missed: {least} ms of the hub for a session, and {BAR:g} are allowed")


if __name__ == "__main__":
    main()
