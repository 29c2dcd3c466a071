#!/usr/bin/env python3
"""What the way through an agent costs, beside a direct connection to an `https:` target, through one proxy in one run.

    Tests/Benchmarks/tunnel.py [SCENARIO …] [--proxy PATH] [--agent PATH] [--seconds S] [--rounds N] [--delay MS] [--link MBIT]

The cluster's API is a small server here that has one pod, the origin; the hub is another, which says two routes and one key.
Directly the proxy reaches the same origin over TLS. Taken in turns, so that what else the machine does falls on both.

  small      a browser's GET and 1 KiB back over 32 kept connections: requests a second, apart   tunnel / direct >= 0.9
  bulk 1     one download of 256 MiB: MiB a second, apart                                  tunnel / direct >= 0.9
  bulk 32    32 of 8 MiB at once                                                           tunnel / direct >= 0.9
  latency    small, one at a time: milliseconds at the median, and what the tunnel adds    <= 0.15 ms
  echo       64 bytes to and fro over a WebSocket, every millisecond, alone and while another downloads 1 GiB over the same
             cluster, as fast as a site's link of --link Mbit a second goes: microseconds, p99     loaded / idle <= 1.2
             The 99th percentile is that of 1.5 s, and of these the median: of windows alone and beside the download alike
             A pod is not on its agent's processor, nor is who types: where this machine allows it (root) the origins and the
             WebSocket go before proxy and agent when they share one, and the download's reader comes after them
  echo, full the same while another downloads as fast as all can: for what it is worth where all share two processors
  idle       memory of proxy and agent for each connection that waits
  burst      200 requests at once, each to a connection of its own: milliseconds to the first byte, p50 and p99; with
             --delay p99 <= 110 ms when there has been such a burst before

Where more processes run than there are processors, rates say what the machine can do and not what the tunnel can; and an
agent is never on its proxy's machine (docs/decisions/0009). Hence the bars of rates are held to the rates there are when
each process has a processor to itself ("apart"): in each round the CPU time that the busiest process takes for the same
work, directly by over the tunnel. The rates of this crowded machine are said beside it.

With --delay the agent, and the origin of the direct way, are behind a relay that adds so many milliseconds each way, and
a round trip for every connection that is made.

Needs gcc, libssl-dev, wrk, curl, openssl. A bar that is missed is said and makes the exit status 1.
"""
import argparse
import contextlib
import http.server
import importlib.util
import json
import os
import pathlib
import re
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("compare", HERE / "proxy-compare.py")
compare = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compare)
room, free_port, memory = compare.room, compare.free_port, compare.memory
UID = "3f9a6f0e-0000-4000-8000-000000000001"
missed = []


class Served(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def say(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def line(self, text):
        body = text.encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
        self.wfile.flush()


def cluster(origin):
    """The API of a cluster with one pod, which is the origin."""
    pod = {"apiVersion": "v1", "kind": "Pod",
           "metadata": {"name": "p", "namespace": "sessions", "uid": UID, "resourceVersion": "1", "labels": {"orrery.io/hub": "orrery"}},
           "spec": {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": origin}]}]},
           "status": {"phase": "Running", "podIP": "127.0.0.1"}}

    class API(Served):
        def do_GET(self):
            path = self.path.split("?")[0]
            if path == "/version":
                return self.say({"major": "1", "minor": "31", "gitVersion": "v1.31.0"})
            if path == "/api/v1/namespaces/kube-system":
                return self.say({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": "uid-bench"}})
            if path.endswith("/pods") and "watch" in self.path:
                self.stream()
                return time.sleep(3600)
            items = [pod] if path.endswith("/pods") else []
            self.say({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": items})

        def do_POST(self):
            self.say({"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden"}, 403)

    return serve(API)


def hub(routes):
    """A hub that lets in whoever says hello."""
    state = {"changed": threading.Event(), "key": None, "uid": None, "pins": None}

    class Hub(Served):
        def do_GET(self):
            self.stream()
            self.line('{"epoch":"e","number":1,"snapshot":true}')
            for key, target in routes.items():
                self.line(json.dumps({"set": key, "route": {"target": target}}))
            self.line('{"end":1}')
            while not state["changed"].wait(5):
                self.line('{"alive":true}')
            self.line(json.dumps({"agent": state["key"], "cluster": "south", "uid": state["uid"], "number": 2}))
            while True:
                time.sleep(5)
                self.line('{"alive":true}')

        def do_POST(self):
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state["pins"] = state["pins"] or said.get("pins")
            for entry in said.get("frames", []):
                if entry["frame"]["type"] == "hello" and not state["key"]:
                    state["uid"], state["key"] = entry["frame"]["cluster"]["uid"], entry["key"]
                    state["changed"].set()
            self.say({"answers": []})

    return serve(Hub), state


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def compiled(name, *flags):
    subprocess.run(["gcc", "-O2", *flags[:1], "-o", room / name, HERE / f"proxy/{name}.c", *flags[1:]], check=True)
    return room / name


def delaying(target, milliseconds):
    """The port of a relay to `target` that hands every byte on after a while; `target` itself for none."""
    if not milliseconds:
        return target
    port = free_port()
    compare.start([room / "delay", port, target, milliseconds], "0,1", port)
    return port


def wrk(port, path, connections, seconds):
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for name, value in compare.BROWSER.items():
        words += ["-H", f"{name}: {value}"]
    text = subprocess.run([*words, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    number, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def download(port, path, streams):
    """MiB a second of `streams` downloads at once, and how many GiB that were."""
    total = []

    def one():
        with socket.create_connection(("127.0.0.1", port)) as stream:
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
            count, place = 0, bytearray(1 << 20)
            while got := stream.recv_into(place):
                count += got
        total.append(count)

    start = time.monotonic()
    threads = [threading.Thread(target=one) for _ in range(streams)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return sum(total) / (time.monotonic() - start) / (1 << 20), sum(total) / (1 << 30)


def burst(port, path, count):
    """Milliseconds to the first byte of `count` requests that are sent at once."""
    watch, began, waited = selectors.DefaultSelector(), {}, []
    streams = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for stream in streams:
        watch.register(stream, selectors.EVENT_READ)
    for stream in streams:
        began[stream] = time.monotonic()
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".encode())
    while len(waited) < count:
        for key, _ in watch.select(10):
            data = key.fileobj.recv(4096)
            waited.append((time.monotonic() - began[key.fileobj]) * 1000 if data.startswith(b"HTTP/1.1 101") else 1e6)
            watch.unregister(key.fileobj)
    [stream.close() for stream in streams]
    return waited


def put(process, priority):
    """Lets a process with all its threads go before those of lower priority on a processor that they share; 0 for after all.
    Nothing where that is not allowed."""
    policy = os.SCHED_RR if priority else os.SCHED_OTHER
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.sched_setscheduler(int(task.name), policy, os.sched_param(priority))


# Somebody types for so many seconds at a time.
WINDOW = 1.5
# How many such windows without a download there are before one and after it.
ALONE = 8


def echo(port, path):
    """Microseconds that 64 bytes take to and fro at the 99th percentile of one window."""
    words = [room / "echo", str(port), path, str(int(WINDOW * 1000)), "1000"]  # milliseconds, microseconds
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as typist:
        put(typist, 3)
        said = typist.communicate()[0]
    if typist.returncode:
        sys.exit("the WebSocket ended")
    return float(said.split()[1])


def echoes_beside(port, path, rate):
    """The same of each window while another downloads 1 GiB at so many bytes a second; of one with 0, the highest there is."""
    size, pace = (1 << 30, f"/{rate}") if rate else (64 << 30, "")
    seconds = size / rate if rate else 2 * WINDOW
    end = time.monotonic() + seconds - WINDOW - 0.5
    with subprocess.Popen(["curl", "-s", "-o", os.devnull, f"http://127.0.0.1:{port}{path}/bulk/{size}{pace}"]) as other:
        put(other, 0)
        time.sleep(0.3)
        windows = [echo(port, path)]
        while time.monotonic() < end:
            windows.append(echo(port, path))
        if other.poll() is not None:
            sys.exit("the download was over before the WebSocket was")
        other.terminate()
    return windows


class Turns:
    """Figures of both ways, taken in turns, with what each process did for them."""

    def __init__(self, processes, rounds):
        self.processes, self.rounds = processes, rounds

    def __call__(self, measure):
        pairs = [(measure("/direct"), measure("/tunnel")) for _ in range(self.rounds)]
        return [statistics.median(pair[way] for pair in pairs) for way in (0, 1)]

    def rates(self, name, unit, scale, measure):
        """`measure` gives a rate and how much was done."""
        spent, rates = {"/direct": [], "/tunnel": []}, {"/direct": [], "/tunnel": []}
        for _ in range(self.rounds):
            for way in spent:
                before = {who: compare.cpu(process) for who, process in self.processes.items()}
                rate, work = measure(way)
                rates[way].append(rate)
                spent[way].append({who: (compare.cpu(process) - before[who]) / work * scale
                                   for who, process in self.processes.items()})
        direct, tunnel = ({who: statistics.median(each[who] for each in spent[way]) for who in self.processes} for way in spent)
        ratio = statistics.median(b / a for a, b in zip(*rates.values()))
        apart = statistics.median(max(a.values()) / max(b.values()) for a, b in zip(*spent.values()))
        median = [statistics.median(each) for each in rates.values()]
        busiest = max(tunnel, key=tunnel.get)
        bar(name, apart >= 0.9, f"apart {apart:.2f}, the {busiest} is the busiest; all on this machine: "
            f"direct {median[0]:.0f}, tunnel {median[1]:.0f} {unit}, {ratio:.2f}")
        for way, costs in (("direct", direct), ("tunnel", tunnel)):
            print(f"{'':10}   {way}: " + ", ".join(f"{who} {cost:.1f}" for who, cost in costs.items())
                  + f", in all {sum(costs.values()):.1f} {'µs a request' if scale == 1e6 else 'ms a GiB'}", flush=True)


def bar(name, isGood, text):
    print(f"{name:10} {text}{'' if isGood else '   MISSED'}", flush=True)
    if not isGood:
        missed.append(name)


def settle(port, state):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", port)) as stream:
            stream.sendall(b"GET /tunnel HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            answer = stream.recv(4096)
            if answer.startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.2)
    sys.exit(f"the agent's pod cannot be reached: {answer.decode()}\n" + "\n".join(p.read_text()[-1500:] for p in room.glob("*.log")))


def waiting(api):
    text = subprocess.run(["curl", "-s", f"http://127.0.0.1:{api}/metrics"], capture_output=True, text=True).stdout
    return int(re.search(r'orrery_proxy_tunnel_idle\{cluster="south"\} (\d+)', text)[1])


def idle_memory(proxy, agent, port, api):
    """KiB for each connection that waits, at the proxy and at the agent: after a larger burst more of them wait."""
    def settled():
        count, deadline = -1, time.monotonic() + 20
        while count != waiting(api) and time.monotonic() < deadline:
            count = waiting(api)
            time.sleep(1.5)
        return count, memory(proxy), memory(agent)

    # First all that bursts leave behind besides.
    burst(port, "/direct", 200)
    burst(port, "/tunnel", 40)
    before = settled()
    burst(port, "/tunnel", 170)
    after = settled()
    more = max(1, after[0] - before[0])
    print(f"idle       {more} more that wait: {(after[1] - before[1]) / more / 1024:.1f} KiB each at the proxy, "
          f"{(after[2] - before[2]) / more / 1024:.1f} KiB at the agent", flush=True)


def bursts(port, delay):
    """200 requests at once, before and after the pool has seen as many."""
    for word in ("the first", "the next"):
        waited = burst(port, "/tunnel", 200)
        last = statistics.quantiles(waited, n=100)[98]
        bar("burst", last <= 110 or word == "the first" or not delay,
            f"{word}: p50 {statistics.median(waited):.0f} ms, p99 {last:.0f} ms")
        time.sleep(4)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("scenarios", nargs="*")
    words.add_argument("--proxy", default=".build/release/orrery-proxy")
    words.add_argument("--agent", default=".build/release/orrery-agent")
    words.add_argument("--seconds", type=int, default=2)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--delay", type=int, default=0)
    words.add_argument("--link", type=int, default=200)
    words = words.parse_args()
    compiled("origin", "-DTLS", "-lssl", "-lcrypto")
    compiled("delay", "-Wall")
    compiled("echo", "-Wall")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", room / "key.pem", "-out", room / "cert.pem"],
                   check=True, capture_output=True)
    origin, secured, port, api, metrics = (free_port() for _ in range(5))
    origins = [compare.start([room / "origin", origin], 1, origin),
               compare.start([room / "origin", secured, room / "cert.pem", room / "key.pem"], 1, secured)]
    address, state = hub({"/direct": f"https://127.0.0.1:{delaying(secured, words.delay)}", "/tunnel": f"cluster:south/{UID}:{origin}"})
    os.environ["ORRERY_PROXY_TOKEN"] = "sesame"
    proxy = compare.start([words.proxy, "--ip", "127.0.0.1", "--port", port, "--api-ip", "127.0.0.1", "--api-port", api, "--workers", 1,
                           "--hub", f"http://127.0.0.1:{address}", "--state-dir", room / "state", "--no-include-prefix",
                           "--client-ssl-ca", room / "cert.pem", "--metrics-ip", "127.0.0.1", "--metrics-port", metrics,
                           "--log-level", "warn"], 0, port)
    deadline = time.monotonic() + 10
    while not state["pins"] and time.monotonic() < deadline:
        time.sleep(0.05)
    dialled = delaying(port, words.delay)
    (room / "join").write_text(f"orrery://127.0.0.1:{dialled}#pin={state['pins'][0]}")
    (room / "kubeconfig").write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{cluster(origin)}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "sessions"}}]}))
    agent = subprocess.Popen(["taskset", "-c", "1", words.agent, "run", "--join-file", room / "join", "--kubeconfig", room / "kubeconfig",
                              "--state", room / "agent", "--log-level", "warning"], stderr=open(room / "agent.log", "w"))
    compare.running.append(agent)
    settle(port, state)
    print(f"{os.cpu_count()} processors, round trip {2 * words.delay} ms, {words.rounds} rounds", flush=True)
    wanted = words.scenarios or ["idle", "burst", "small", "bulk", "latency", "echo"]
    if "idle" in wanted and not words.delay:
        idle_memory(proxy, agent, port, metrics)
    if "burst" in wanted:
        bursts(port, words.delay)
    turns = Turns({"proxy": proxy, "agent": agent, "origin": origins[0], "TLS origin": origins[1]}, words.rounds)

    def small(path):
        rate = wrk(port, path, 32, words.seconds)[0]
        return rate, rate * words.seconds

    if "small" in wanted:
        turns.rates("small", "/s", 1e6, small)
    for streams, size in ((1, 256 << 20), (32, 8 << 20)):
        if "bulk" in wanted:
            turns.rates(f"bulk {streams}", "MiB/s", 1e3, lambda path: download(port, f"{path}/bulk/{size}", streams))
    if "latency" in wanted:
        direct, tunnel = turns(lambda path: wrk(port, path, 1, 3 if words.delay else 1)[1])
        bar("latency", tunnel - direct <= 0.15, f"direct {direct:.3f}, tunnel {tunnel:.3f}: {tunnel - direct:.3f} ms more")
    if "echo" in wanted:
        echoes(port, turns, words.link)


def echoes(port, turns, link):
    for who, process in turns.processes.items():
        put(process, 3 if "origin" in who else 2)
    ways = ("/direct", "/tunnel")
    alone, loaded, full = ({way: [] for way in ways} for _ in range(3))
    for _ in range(turns.rounds):
        for way in ways:
            # As near to each other in time as can be: what else the machine does comes and goes.
            alone[way] += [echo(port, way) for _ in range(ALONE)]
            loaded[way] += echoes_beside(port, way, link * 125_000)
            alone[way] += [echo(port, way) for _ in range(ALONE)]
            full[way] += echoes_beside(port, way, 0)
    for name, beside, isHeld in (("echo", loaded, True), ("echo, full", full, False)):
        text, ratio = [], 0
        for way in ways:
            before, after = statistics.median(alone[way]), statistics.median(beside[way])
            ratio = after / before
            text.append(f"{way[1:]} alone {before:.0f}, loaded {after:.0f} µs: {ratio:.2f}")
        bar(name, ratio <= 1.2 or not isHeld, "; ".join(text))


if __name__ == "__main__":
    try:
        main()
    finally:
        for process in compare.running:
            compare.stop(process)
    sys.exit(1 if missed else 0)
