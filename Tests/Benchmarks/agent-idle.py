#!/usr/bin/env python3
"""What one data connection that waits costs an agent: private memory with 4 of them and with 1,000, divided by 996.

    python3 Tests/Benchmarks/agent-idle.py [.build/release/orrery-agent]

The proxy and the cluster are scripted here: the one keeps what is dialled, the other says who it is and nothing else.
"""
import base64
import hashlib
import http.server
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else ".build/release/orrery-agent"


def run(*words):
    return subprocess.run(words, check=True, capture_output=True).stdout


def frame(**members):
    body = json.dumps(members).encode()
    return len(body).to_bytes(4, "big") + body


class Cluster(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = json.dumps({"gitVersion": "v1.31.0", "metadata": {"uid": "u-1", "resourceVersion": "1"}, "items": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Proxy:
    def __init__(self, directory):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=p",
            "-keyout", f"{directory}/key", "-out", f"{directory}/pem")
        (directory / "pub").write_bytes(run("openssl", "x509", "-in", f"{directory}/pem", "-pubkey", "-noout"))
        key = run("openssl", "pkey", "-pubin", "-in", f"{directory}/pub", "-outform", "DER")
        self.pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{directory}/pem", f"{directory}/key")
        # As a proxy: nobody comes back with a ticket.
        self.context.num_tickets = 0
        self.context.set_alpn_protocols(["orrery-c/1", "orrery-d/1"])
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.kept, self.control = [], None
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
            if connection.selected_alpn_protocol() == "orrery-d/1":
                self.kept.append(connection)
                continue
            connection.recv(65536)
            connection.sendall(frame(type="welcome", cluster="c", proxy="p", peers=[], pins=[], time=int(time.time())))
            self.control = connection
            threading.Thread(target=self.ping, daemon=True).start()

    def ping(self):
        while True:
            self.control.sendall(frame(type="ping", number=1))
            time.sleep(10)

    def fill(self, count):
        until(lambda: self.control, 20, "the agent has not said hello")
        self.control.sendall(frame(type="pool", idle=count))
        until(lambda: len(self.kept) >= count, 60, f"not all of {count} connections were dialled")


def until(isSo, seconds, complaint):
    end = time.monotonic() + seconds
    while not isSo():
        if time.monotonic() > end:
            sys.exit(complaint)
        time.sleep(0.05)


def settled(process):
    """The memory of a process, in bytes, once two looks half a second apart agree."""
    readings = [-1, memory(process)]
    end = time.monotonic() + 20
    while readings[-1] != readings[-2]:
        if time.monotonic() > end:
            sys.exit("the agent's memory does not settle")
        time.sleep(0.5)
        readings.append(memory(process))
    return readings[-1]


def memory(process):
    """In bytes."""
    rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private"))


def main():
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        cluster = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
        threading.Thread(target=cluster.serve_forever, daemon=True).start()
        proxy = Proxy(directory)
        (directory / "join").write_text(f"orrery://127.0.0.1:{proxy.port}#pin=sha256:{proxy.pin}")
        (directory / "kubeconfig").write_text(json.dumps({
            "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "n"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{cluster.server_address[1]}"}}],
            "users": [{"name": "u", "user": {"token": "t"}}]}))
        agent = subprocess.Popen(
            [PROGRAM, "run", "--join-file", directory / "join", "--kubeconfig", directory / "kubeconfig",
             "--state", directory / "state", "--grace", "0", "--log-level", "error"], stdout=subprocess.DEVNULL)
        try:
            proxy.fill(4)
            few = settled(agent)
            proxy.fill(1000)
            many = settled(agent)
            print(f"agent with 4 waiting connections {few / 2**20:.1f} MiB, with 1,000 {many / 2**20:.1f} MiB: "
                  f"{(many - few) / 996 / 1024:.1f} KiB each")
        finally:
            agent.terminate()
            agent.wait(10)


if __name__ == "__main__":
    main()
