"""The documents of a site for the commands that need no hub: one cluster, trees to purge and to make, and an issuer's groups."""
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import time

from proxying import free_port

PROGRAM = os.environ.get("ORRERY", str(pathlib.Path(__file__).resolve().parents[2] / ".build" / "debug" / "orrery"))
DIGEST = "sha256:" + "1a" * 32
FILES = {
    "orrery.yaml": """
url: http://127.0.0.1:{port}
hub: {{listen: "127.0.0.1:{hub}", database: "{state}/hub.sqlite", api: "{api}"}}
proxy: {{listen: "127.0.0.1:{port}", token: a-token-of-the-tests}}
policy: {state}/policy
auth:
  allow: [developers, science]
  issuers:
    demo:
      issuer: http://127.0.0.1:1/
      groups: {{claim: groups}}
      login: {{client: orrery, secret: never-shown}}
  groups:
    developers: {{gid: 5001, from: ["demo:developers"]}}
    science: {{from: ["demo:science"]}}
    "project:{{g}}": {{from: ["demo:project-{{g}}"]}}
clusters:
  north: {{title: North, server: "http://127.0.0.1:1", token: never-shown-either, namespace: labs}}
""",
    "policy/filesets.yaml": """
filesets:
  home: {{at: "/home/{{user}}", home: true, required: true, grants: [{{to: [everyone], mode: rw}}]}}
  scratch:
    at: "/scratch/{{user}}"
    grants: [{{to: [developers], mode: rw}}]
    purge: {{after: 30d, by: modified, large: 10d, largerThan: 1Ki}}
  groups:
    at: "/group/{{group}}"
    each: "project:*"
    grants: [{{to: [member], mode: rw}}]
    purge: {{after: 5d, by: modified}}
  dr3:
    at: /datasets/dr3
    grants: [{{to: [everyone], mode: ro, from: 2027-06-30T00:00:00Z}}]
""",
    "policy/profiles.yaml": """
registries: [{{host: registry.test, repos: ["lab/*"]}}]
environments:
  lab: {{title: Lab, image: "registry.test/lab/lab:1", digest: "{digest}", port: 8888}}
  arm: {{image: "registry.test/lab/arm:1", digest: "{digest}", port: 9999, platforms: [linux/arm64]}}
  unused: {{image: "registry.test/lab/unused:1", digest: "{digest}"}}
sizes:
  small: {{cpu: {{request: 100m, limit: 1}}, memory: {{request: 256Mi, limit: 1Gi}}}}
  gpu: {{cpu: 8, memory: 64Gi, gpu: {{count: 2, any: [nvidia.com/gpu, nvidia.com/mig-3g.40gb]}}}}
profiles:
  standard:
    default: true
    allow: [developers, science]
    environments: [lab, arm]
    sizes: {{small: [everyone], gpu: [developers]}}
    filesets: {{offer: all}}
    life: {{max: 1h, grace: 1s}}
    options: {{cuda: {{choices: {{"12": {{env: {{CUDA: "12"}}}}, "13": {{env: {{CUDA: "13"}}}}}}}}}}
""",
    "policy/clusters/north.yaml": """
cluster: north
sources:
  home: {{pvc: home, path: "people/{{user}}", create: provisioner}}
  scratch: {{pvc: scratch, path: "u/{{user}}"}}
  groups: {{pvc: scratch, path: "of/{{group}}/tmp"}}
  dr3: {{nfs: {{server: 192.0.2.9, path: /dr3}}}}
sizes:
  gpu:
    nodeSelector: {{accelerator: a100}}
    tolerations: [{{key: gpu, operator: Exists, effect: NoSchedule}}]
    gpu: nvidia.com/mig-3g.40gb
    pullSecret: registry
""",
}


class PolicySite:
    def __init__(self, state, api="http://hub.orrery.svc:8081/hub/api"):
        self.state = state
        facts = {"state": state, "digest": DIGEST, "port": free_port(), "hub": free_port(), "api": api}
        self.ports = {"hub": facts["hub"], "proxy": facts["port"]}
        for name, text in FILES.items():
            (state / name).parent.mkdir(parents=True, exist_ok=True)
            (state / name).write_text(text.format(**facts))

    def orrery(self, *words):
        return subprocess.run([PROGRAM, *words, "--config", self.state / "orrery.yaml"],
                              capture_output=True, text=True, timeout=60)

    def change(self, name, old, new):
        text = (self.state / name).read_text()
        assert old in text
        (self.state / name).write_text(text.replace(old, new))

    def people(self, *people):
        """A hub makes the database, and the test puts people into it: (name, uid, groups)."""
        hub = subprocess.Popen([PROGRAM, "hub", "--config", self.state / "orrery.yaml"],
                               stdout=subprocess.DEVNULL, stderr=(self.state / "hub.log").open("w"))
        deadline = time.monotonic() + 60
        while not re.search("Server started", (self.state / "hub.log").read_text()):
            assert hub.poll() is None and time.monotonic() < deadline, (self.state / "hub.log").read_text()
            time.sleep(0.05)
        hub.send_signal(signal.SIGTERM)
        hub.wait(30)
        with sqlite3.connect(self.state / "hub.sqlite") as database:
            for number, (name, uid, groups) in enumerate(people, 1):
                members = "[" + ",".join('{"name":"%s"}' % group for group in groups) + "]"
                database.execute(
                    "INSERT INTO person (id, issuer, subject, name, uid, gid, member_of, is_admin, is_suspended, "
                    "created_at, last_login) VALUES (?, 'http://127.0.0.1:1/', ?, ?, ?, ?, ?, 0, 0, 0, 0)",
                    (number, name, name, uid, uid, members))
        database.close()
