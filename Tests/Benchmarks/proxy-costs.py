#!/usr/bin/env python3
"""Count what a relayed request costs the proxy, and fail when that grows: system calls, allocations, idle memory.

    Tests/Benchmarks/proxy-costs.py [PATH OF orrery-proxy]        (default: .build/release/orrery-proxy)

Nothing here is timed, so the result is the same on every machine and under every load. The limits:

  system calls per small request      2 receives, 2 sends, and at most one wait before each receive
  system calls per WebSocket message  1 receive, 1 send, and at most one wait
  allocations per request, message    0 after warm-up, behind the gate and at its refusals too
  memory per idle WebSocket           512 bytes of the proxy's own

and from clients in TLS the same calls; 6 allocations for each record that comes and one that goes, which are OpenSSL's
own; and 15 KiB for an idle WebSocket, of which OpenSSL has all but the 512 bytes.

Needs strace, gcc and openssl (Debian packages of those names).
"""
import glob
import mmap, os, re, shutil, socket, ssl, struct, subprocess, sys, tempfile, threading, time

from gate_ticket import KEYS, ticket

HERE = os.path.dirname(os.path.abspath(__file__))
REQUEST = (b"GET /user/ada/api/kernels HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
           b"Accept: application/json, text/plain, */*\r\nAccept-Encoding: gzip, deflate, br\r\nX-XSRFToken: 2|d5a1b8c1\r\n"
           b"Cookie: _xsrf=2|d5a1b8c1|4b0e6b0b; jupyterhub-session-id=6a1f0f7e0f3a4cf9a2d6dbb0c5b1f1e4\r\n\r\n")
REPLY = (b"HTTP/1.1 200 OK\r\nServer: TornadoServer/6.6.1\r\nContent-Type: application/json\r\n"
         b"Date: Sat, 21 Nov 2026 09:00:00 GMT\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024)
GATED = REQUEST.replace(b"/user/ada/", b"/user/bob/")
UPGRADE = b"GET /user/ada/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def receive(connection, count):
    got = b""
    while len(got) < count:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError("the connection ended")
        got += piece
    return got


def head(connection):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError("the connection ended")
        got += piece
    return got


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            if b"\r\nUpgrade:" in head(connection):
                connection.sendall(SWITCH)
                while piece := connection.recv(65536):
                    connection.sendall(piece)
                return
            connection.sendall(REPLY)
    except (EOFError, OSError):
        pass


def origin():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)

    def accept():
        threading.stack_size(256 << 10)
        while True:
            threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """The proxy in front of the origin, one worker. Its routes are the origin as default and for one person."""

    options = []

    def __init__(self, program, target, **environment):
        self.port, api = free_port(), free_port()
        self.process = subprocess.Popen(
            [program, "--ip", "127.0.0.1", "--port", str(self.port), "--api-ip", "127.0.0.1", "--api-port", str(api),
             "--default-target", f"http://127.0.0.1:{target}", "--workers", "1", "--log-level", "error",
             *self.options],
            env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": "t", **environment})
        for _ in range(200):
            if self.process.poll() is not None:
                sys.exit(f"{program} did not start")
            try:
                control = socket.create_connection(("127.0.0.1", api))
                break
            except OSError:
                time.sleep(0.02)
        body = f'{{"target":"http://127.0.0.1:{target}"}}'.encode()
        control.sendall(b"POST /api/routes/user/ada HTTP/1.1\r\nHost: h\r\nAuthorization: token t\r\nConnection: close\r\n"
                        b"Content-Length: %d\r\n\r\n" % len(body) + body)
        if b" 201 " not in head(control):
            sys.exit("the route was not taken")
        control.close()
        self.ask(api, b"PUT", b"/api/gate-keys", KEYS, b" 204 ")
        gated = f'{{"target":"http://127.0.0.1:{target}","access":["zoe","bob"]}}'.encode()
        self.ask(api, b"POST", b"/api/routes/user/bob", gated, b" 201 ")

    def ask(self, api, method, path, body, expected):
        control = socket.create_connection(("127.0.0.1", api))
        control.sendall(b"%s %s HTTP/1.1\r\nHost: h\r\nAuthorization: token t\r\nConnection: close\r\n"
                        b"Content-Length: %d\r\n\r\n" % (method, path, len(body)) + body)
        if expected not in head(control):
            sys.exit(f"{path.decode()} was not taken")
        control.close()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def upgraded(self):
        connection = self.connect()
        connection.sendall(UPGRADE)
        if b" 101 " not in head(connection):
            sys.exit("the upgrade was refused")
        return connection

    def requests(self, connection, count):
        for _ in range(count):
            connection.sendall(REQUEST)
            got = head(connection)
            rest = len(got) - got.index(b"\r\n\r\n") - 4
            receive(connection, 1024 - rest)

    def gated(self, connection, count):
        cookie = b"__Host-orrery-gate=" + ticket("bob", "127.0.0.1")
        for _ in range(count):
            connection.sendall(GATED.replace(b"_xsrf=", cookie + b"; _xsrf=", 1))
            got = head(connection)
            if b" 200 " not in got:
                sys.exit("the gate did not open")
            receive(connection, 1024 - (len(got) - got.index(b"\r\n\r\n") - 4))

    def refused(self, connection, count):
        for _ in range(count):
            bad = b"; __Host-orrery-gate=" + b"A" * 100
            connection.sendall(GATED.replace(b"; jupyterhub", bad + b"; jupyterhub", 1))
            got = head(connection)
            length = int(re.search(rb"Content-Length: (\d+)", got)[1])
            rest = length - (len(got) - got.index(b"\r\n\r\n") - 4)
            if rest:
                receive(connection, rest)

    def messages(self, connection, count):
        for _ in range(count):
            connection.sendall(b"m" * 64)
            receive(connection, 64)

    def memory(self):
        text = open(f"/proc/{self.process.pid}/smaps_rollup").read()
        return 1024 * sum(int(kib) for kib in re.findall(r"^Private_\w+: +(\d+)", text, re.M))

    def stop(self):
        self.process.terminate()
        if self.process.wait(5) not in (0, 2):
            sys.exit(f"the proxy ended with {self.process.returncode}")


class SecureProxy(Proxy):
    """The same, speaking TLS with its clients."""

    @classmethod
    def make_certificate(cls, directory):
        key, certificate = os.path.join(directory, "key.pem"), os.path.join(directory, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        cls.options = ["--ssl-key", key, "--ssl-cert", certificate]

    def connect(self):
        return ssl._create_unverified_context().wrap_socket(super().connect())


def await_tracer(process):
    """Until every thread of the process is traced: strace speaks when the first one is."""
    deadline = time.monotonic() + 5
    while any("TracerPid:\t0\n" in open(path).read() for path in glob.glob(f"/proc/{process}/task/*/status")):
        if time.monotonic() > deadline:
            sys.exit("strace does not attach to every thread")


def system_calls(kind, program, target, directory):
    """Calls of each kind per request and per message, and allocating ones (mmap, brk, munmap) among them."""
    proxy = kind(program, target)
    plain, web = proxy.connect(), proxy.upgraded()
    proxy.requests(plain, 20)
    proxy.messages(web, 20)
    results = []
    for act, connection in ((proxy.requests, plain), (proxy.messages, web)):
        log = os.path.join(directory, "calls")
        tracer = subprocess.Popen(["strace", "-f", "-c", "-S", "calls", "-o", log, "-p", str(proxy.process.pid)],
                                  stderr=subprocess.PIPE, text=True)
        if "attached" not in tracer.stderr.readline():
            sys.exit("strace cannot attach: run as root, or allow ptrace")
        await_tracer(proxy.process.pid)
        act(connection, 1000)
        tracer.send_signal(2)
        tracer.wait()
        rows = [line.split() for line in open(log) if re.match(r"\s+\d", line)]
        results.append({row[-1]: int(row[3]) / 1000 for row in rows if row[-1] != "total"})
    proxy.stop()
    return results


def allocations(kind, program, target, directory):
    library, counter = os.path.join(directory, "count.so"), os.path.join(directory, "count")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "proxy-allocations.c")], check=True)
    with open(counter, "wb") as file:
        file.write(bytes(4096))
    proxy = kind(program, target, LD_PRELOAD=library, ALLOCATION_COUNT=counter)
    with open(counter, "rb") as file:
        page = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
    count = lambda: struct.unpack("Q", page[:8])[0]
    if count() == 0:
        sys.exit("the counter counts nothing")
    plain, web = proxy.connect(), proxy.upgraded()
    results = []
    acts = ((proxy.requests, plain), (proxy.messages, web), (proxy.gated, plain), (proxy.refused, plain))
    for act, connection in acts:
        act(connection, 200)
        before = count()
        act(connection, 2000)
        results.append((count() - before) / 2000)
    proxy.stop()
    return results


def idle_memory(kind, program, target, number=2000):
    proxy = kind(program, target)
    held = [proxy.upgraded() for _ in range(100)]
    for connection in held:
        proxy.messages(connection, 2)
    before = proxy.memory()
    held += [proxy.upgraded() for _ in range(number)]
    for connection in held:
        proxy.messages(connection, 1)
    after = proxy.memory()
    proxy.stop()
    return (after - before) / number


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/orrery-proxy")
    for tool in ("strace", "gcc", "openssl"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: apt-get install {tool}")
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    target = origin()
    failures = []

    def check(what, value, limit):
        print(f"{what:<40}{value:>8.3f}   at most {limit}")
        if value > limit:
            failures.append(what)

    with tempfile.TemporaryDirectory() as directory:
        SecureProxy.make_certificate(directory)
        for kind, also, least, memory in ((Proxy, "", 0.005, 512), (SecureProxy, "TLS ", 6.005, 15 << 10)):
            per_request, per_message = system_calls(kind, program, target, directory)
            for name, calls in (("request", per_request), ("message", per_message)):
                receives, sends = calls.get("recvfrom", 0), calls.get("sendto", 0)
                # A message is relayed to the origin and its echo back: two of each, as a request and its answer are.
                check(f"receives per {also}{name} and its answer", receives, 2.01)
                check(f"sends per {also}{name} and its answer", sends, 2.01)
                check(f"all calls per {also}{name} and its answer", sum(calls.values()), 6.05)
            names = ("request", "message", "gated request", "refusal of the gate")
            for name, value in zip(names, allocations(kind, program, target, directory)):
                check(f"allocations per {also}{name}", value, least)
            check(f"bytes per idle {also}WebSocket", idle_memory(kind, program, target), memory)
    if failures:
        sys.exit("grown: " + ", ".join(failures))


if __name__ == "__main__":
    main()
