#!/usr/bin/env python3
"""What the proxy costs beside nginx, HAProxy and a relay that reads nothing, measured in turns on one machine.

    Tests/Benchmarks/proxy-compare.py [SCENARIO …] [--proxy PATH] [--rounds N] [--seconds S]

  small    a browser's GET and 1 KiB back over kept connections: CPU µs per request
  tls      the same over TLS 1.3
  bulk     1 GiB down: CPU seconds
  tunnel   64 bytes to and fro on 64 WebSockets: CPU µs per round trip
  idle     memory of the process for each of 4,000 open WebSockets
  routes   100,000 routes over the REST interface: seconds, KiB each, CPU µs per request before and after
  churn    requests while routes change 500 times a second: how many failed

CPU time is the process's own (/proc/<pid>/schedstat of all its threads), so that a busy machine disturbs little; every
figure is the median of the rounds, every ratio the median of the ratios within a round. The proxy runs on the first
processor, load and origin on the second. A bar that is missed is said and makes the exit status 1.
Needs gcc, wrk, curl, openssl, nginx and haproxy (Debian packages of those names).
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = "benchmark"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "application/json", "Accept-Language": "en-GB,en;q=0.7,de;q=0.3", "Accept-Encoding": "gzip, deflate, br",
    "Referer": "http://hub.example.org/user/u42/lab/tree/Untitled.ipynb", "X-XSRFToken": "2|0b1c2d3e|" + "4f" * 16 + "|1763700000",
    "Cookie": "_xsrf=2|0b1c2d3e|" + "4f" * 16 + "|1763700000; jupyterhub-session-id=" + "5a" * 16
              + "; jupyterhub-user-u42=2|1:0|10:1763700000|19:jupyterhub-user-u42|44:" + "Q" * 43 + "=|" + "6b" * 32,
}
BARS = {  # design/README "How fast"
    "small": {"relay": 1.10, "nginx": 0.80, "haproxy": 0.75}, "tls": {"nginx": 0.80, "haproxy": 0.80},
    "bulk": {"relay": 1.10, "haproxy": 1.0}, "tunnel": {"relay": 1.10, "nginx": 1.0},
}
room = pathlib.Path(tempfile.mkdtemp(prefix="orrery-benchmark-"))
running = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(words, processor, port):
    log = open(room / f"{port}.log", "w")
    process = subprocess.Popen(["taskset", "-c", str(processor), *map(str, words)], stdout=log, stderr=log,
                               env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": TOKEN})
    running.append(process)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
    sys.exit(f"{words[0]} did not start:\n{pathlib.Path(log.name).read_text()[-2000:]}")


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def processes(pid):
    yield pid
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from processes(int(child))


def cpu(process):
    """CPU seconds of a process and its children."""
    tasks = (task for pid in processes(process.pid) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def memory(process):
    """Bytes that are the process's own."""
    rollups = (pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in processes(process.pid))
    return sum(int(line.split()[1]) * 1024 for text in rollups for line in text.splitlines() if line.startswith("Private_Dirty"))


class Peer:
    """One proxy in front of the origin."""

    def __init__(self, name, words, port, api=None):
        self.name, self.port, self.api = name, port, api
        self.process = start(words, 0, port)


def peers(proxy, origin, tls=False, only=None):
    cert, key = room / "cert.pem", room / "key.pem"
    found = []
    for name, needs in (("orrery", None), ("relay", None), ("nginx", "nginx"), ("haproxy", "haproxy")):
        if (only and name not in only) or (needs and not shutil.which(needs)) or (tls and name == "relay"):
            continue
        port, api = free_port(), free_port()
        if name == "orrery":
            words = [proxy, "--ip", "127.0.0.1", "--port", port, "--api-ip", "127.0.0.1", "--api-port", api, "--workers", 1,
                     "--default-target", f"http://127.0.0.1:{origin}", "--log-level", "warn"]
            words += ["--ssl-cert", cert, "--ssl-key", key] if tls else []
        elif name == "relay":
            words = [room / "relay", port, origin]
        elif name == "nginx":
            secure = f"ssl_certificate {cert}; ssl_certificate_key {key};" if tls else ""
            (room / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {room}/nginx.pid; error_log /dev/null;
events {{ worker_connections 16000; }}
http {{
  access_log off; tcp_nodelay on; keepalive_requests 100000000; client_max_body_size 0;
  client_body_temp_path {room}; proxy_temp_path {room}; fastcgi_temp_path {room}; uwsgi_temp_path {room}; scgi_temp_path {room};
  map $http_upgrade $connection_field {{ default upgrade; "" ""; }}
  upstream origin {{ server 127.0.0.1:{origin}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} {"ssl" if tls else ""}; {secure}
    location / {{
      proxy_pass http://origin; proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 1h;
      proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_field;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Host $http_host;
    }}
  }}
}}""")
            words = ["nginx", "-c", room / "nginx.conf"]
        else:
            if tls:
                (room / "both.pem").write_text(cert.read_text() + key.read_text())
            (room / "haproxy.cfg").write_text(f"""
global
  nbthread 1
  maxconn 6000
defaults
  mode http
  option forwardfor
  option splice-auto
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend browsers
  bind 127.0.0.1:{port} {f"ssl crt {room}/both.pem" if tls else ""}
  http-request set-header X-Forwarded-Proto {"https" if tls else "http"}
  http-request set-header X-Forwarded-Port {port}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  default_backend origin
backend origin
  server origin 127.0.0.1:{origin} pool-max-conn 512
""")
            words = ["haproxy", "-db", "-f", room / "haproxy.cfg"]
        found.append(Peer(name, words, port, api))
    return found


def load(port, seconds, tls=False):
    """Requests answered with 200, and those that were not."""
    fields = [word for name, value in BROWSER.items() for word in ("-H", f"{name}: {value}")]
    text = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s", *fields,
                           f"http{'s' if tls else ''}://127.0.0.1:{port}/user/u42/api/kernels"], capture_output=True, text=True).stdout
    count = next((int(line.split()[0]) for line in text.splitlines() if "requests in" in line), 0)
    bad = sum(int(word.strip(",")) for line in text.splitlines() if "Socket errors" in line or "Non-2xx" in line
              for word in line.split() if word.strip(",").isdigit())
    return count, bad


def per_request(peer, seconds, tls=False):
    load(peer.port, 1, tls)
    before = cpu(peer.process)
    count, bad = load(peer.port, seconds, tls)
    if bad or not count:
        sys.exit(f"{peer.name}: {bad} of {count} requests failed")
    return (cpu(peer.process) - before) * 1e6 / count


def per_gib(peer, words, gib):
    before = cpu(peer.process)
    done = subprocess.run(["taskset", "-c", "1", "curl", "-sf", "-o", "/dev/null", *words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{peer.name}: curl failed with {done.returncode}")
    return (cpu(peer.process) - before) / gib


def hold(port, count, busy, seconds):
    """A process that holds open WebSockets, once they are open."""
    process = subprocess.Popen(["taskset", "-c", "1", room / "tunnels", str(port), str(count), str(busy), str(seconds)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if int(process.stdout.readline().split()[1]) != count:
        sys.exit(f"not all of {count} WebSockets opened at port {port}")
    return process


def per_trip(peer, seconds):
    holder = hold(peer.port, 64, 64, seconds)
    before = cpu(peer.process)
    words = holder.communicate("go\n")[0].split()
    if int(words[3]):
        sys.exit(f"{peer.name}: {words[3]} WebSockets failed")
    return (cpu(peer.process) - before) * 1e6 / int(words[1])


def per_idle(peer):
    before, holder = memory(peer.process), hold(peer.port, 4000, 1, 1)
    cost = (memory(peer.process) - before) / 4000
    holder.communicate("go\n")
    return cost


def in_turns(arguments, unit, measure, rounds=None, tls=False, only=None, scale=2):
    origin_port = free_port()
    origin = start([room / "origin", origin_port], 1, origin_port)
    found = peers(arguments.proxy, origin_port, tls, only)
    rows = [{peer.name: measure(peer) for peer in found} for _ in range(rounds or arguments.rounds)]
    for process in [peer.process for peer in found] + [origin]:
        stop(process)
    names = [peer.name for peer in found]
    result = {name: round(statistics.median(row[name] for row in rows), scale) for name in names}
    ratios = {name: round(statistics.median(row["orrery"] / row[name] for row in rows), 3) for name in names if name != "orrery"}
    return {"unit": unit, **result, "ratios": ratios}


def change(connection, method, path, body=None):
    connection.request(method, f"/api/routes{path}", json.dumps(body) if body else None, {"Authorization": f"token {TOKEN}"})
    answer = connection.getresponse()
    answer.read()
    if answer.status not in (201, 204):
        sys.exit(f"{method} /api/routes{path}: {answer.status}")


def with_orrery(arguments, measure):
    origin_port = free_port()
    origin = start([room / "origin", origin_port], 1, origin_port)
    peer = peers(arguments.proxy, origin_port, only=["orrery"])[0]
    result = measure(peer, {"target": f"http://127.0.0.1:{origin_port}"})
    stop(peer.process)
    stop(origin)
    return result


def routes(arguments, count=100_000):
    def measure(peer, target):
        few = statistics.median(per_request(peer, arguments.seconds) for _ in range(arguments.rounds))
        api, before, begin = http.client.HTTPConnection("127.0.0.1", peer.api), memory(peer.process), time.monotonic()
        for number in range(count):
            change(api, "POST", f"/user/u{number}", target)
        seconds = time.monotonic() - begin
        many = statistics.median(per_request(peer, arguments.seconds) for _ in range(arguments.rounds))
        return {"seconds": round(seconds, 1), "KiB each": round((memory(peer.process) - before) / count / 1024, 2),
                "µs with one": round(few, 2), "µs with all": round(many, 2)}
    return with_orrery(arguments, measure)


def churn(arguments):
    def measure(peer, target):
        over, changes = threading.Event(), 0

        def keep_changing():
            nonlocal changes
            api = http.client.HTTPConnection("127.0.0.1", peer.api)
            while not over.wait(0.002):
                change(api, "POST", f"/user/guest{changes % 400}", target)
                if changes % 2:
                    change(api, "DELETE", f"/user/guest{changes % 400}")
                changes += 1
        thread = threading.Thread(target=keep_changing)
        thread.start()
        count, bad = load(peer.port, arguments.seconds * 2)
        over.set()
        thread.join()
        return {"requests": count, "failed": bad, "changes": changes}
    return with_orrery(arguments, measure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*")
    parser.add_argument("--proxy", default=".build/release/orrery-proxy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    arguments = parser.parse_args()
    scenarios = {
        "small": lambda: in_turns(arguments, "CPU µs per request", lambda peer: per_request(peer, arguments.seconds)),
        "tls": lambda: in_turns(arguments, "CPU µs per request", lambda peer: per_request(peer, arguments.seconds, True), tls=True),
        "bulk": lambda: in_turns(arguments, "CPU s per GiB", lambda peer: per_gib(peer, [f"http://127.0.0.1:{peer.port}/bulk/{1 << 30}"], 1)),
        "tunnel": lambda: in_turns(arguments, "CPU µs per round trip", lambda peer: per_trip(peer, arguments.seconds)),
        "idle": lambda: in_turns(arguments, "bytes per WebSocket", per_idle, rounds=1, scale=0),
        "routes": lambda: routes(arguments), "churn": lambda: churn(arguments),
    }
    unknown = [name for name in arguments.scenario if name not in scenarios]
    if unknown:
        parser.error(f"no scenario {unknown[0]}; there are {', '.join(scenarios)}")
    if not os.access(arguments.proxy, os.X_OK):
        parser.error(f"no proxy at {arguments.proxy}: swift build -c release --product orrery-proxy")
    for name in ("relay", "origin", "tunnels"):
        subprocess.run(["gcc", "-O2", "-o", room / name, HERE / "proxy" / f"{name}.c"], check=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", room / "key.pem", "-out", room / "cert.pem"], check=True, capture_output=True)
    missed = []
    try:
        for name in arguments.scenario or scenarios:
            result = scenarios[name]()
            print(name, json.dumps(result, ensure_ascii=False), flush=True)
            missed += [f"{name}: {result['ratios'][peer]} × {peer}, bar {bar}" for peer, bar in BARS.get(name, {}).items()
                       if result["ratios"].get(peer, 0) > bar]
            missed += [f"idle: {result['orrery']} bytes, bar 512"] if name == "idle" and result["orrery"] > 512 else []
            missed += [f"churn: {result['failed']} failed"] if name == "churn" and result["failed"] else []
            missed += [f"routes: {result}"] if name == "routes" and (result["seconds"] > 20 or result["KiB each"] > 1) else []
    finally:
        for process in running:
            if process.poll() is None:
                stop(process)
        shutil.rmtree(room, ignore_errors=True)
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
