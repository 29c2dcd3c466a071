"""A registry of Debian (docker-registry) on a free port, with a store of its own, and images pushed into it by HTTP."""
import base64
import hashlib
import json
import pathlib
import socket
import subprocess

import requests

from demo import eventually

INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION = "application/vnd.oci.image.config.v1+json"


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Registry:
    """`auth` is the registry's own section of that name; `login` a pair for pushing where it wants one."""

    def __init__(self, directory, auth=None, login=None, token=None):
        self.directory, self.port = pathlib.Path(directory), free_port()
        self.host, self.login, self.token = f"127.0.0.1:{self.port}", login, token
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = {
            "version": 0.1, "log": {"level": "error"}, "http": {"addr": self.host},
            "storage": {"filesystem": {"rootdirectory": str(self.directory / "store")}},
        }
        if auth:
            settings["auth"] = auth
        (self.directory / "config.yml").write_text(json.dumps(settings))
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["docker-registry", "serve", str(self.directory / "config.yml")],
            stdout=(self.directory / "log").open("a"), stderr=subprocess.STDOUT)
        eventually(self.answers, "the registry answers")
        return self

    def answers(self):
        assert self.process.poll() is None, (self.directory / "log").read_text()
        # To some it says 401.
        return requests.get(f"http://{self.host}/v2/", timeout=5).status_code

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def _send(self, method, path, **more):
        headers = more.pop("headers", {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token()}"
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        answer = requests.request(method, url, headers=headers, auth=self.login, timeout=10, **more)
        assert answer.ok, (method, url, answer.status_code, answer.text)
        return answer

    def push_blob(self, repository, content):
        place = self._send("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
        joint = "&" if "?" in place else "?"
        self._send(
            "PUT", f"{place}{joint}digest={digest_of(content)}", data=content,
            headers={"Content-Type": "application/octet-stream"})
        return digest_of(content), len(content)

    def push_manifest(self, repository, reference, kind, content):
        body = json.dumps(content).encode()
        self._send("PUT", f"/v2/{repository}/manifests/{reference}", data=body, headers={"Content-Type": kind})
        return digest_of(body), len(body)

    def push_image(self, repository, tag, architecture="amd64", note=""):
        """An image of one empty layer; `note` makes another one of it."""
        layer = self.push_blob(repository, f"layer {architecture} {note}".encode())
        configuration = {"os": "linux", "architecture": architecture, "config": {"Labels": {"note": note}},
                         "rootfs": {"type": "layers", "diff_ids": [layer[0]]}}
        digest, size = self.push_blob(repository, json.dumps(configuration).encode())
        return self.push_manifest(repository, tag, IMAGE, {
            "schemaVersion": 2, "mediaType": IMAGE,
            "config": {"mediaType": CONFIGURATION, "digest": digest, "size": size},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer[0], "size": layer[1]}]})

    def push_index(self, repository, tag, architectures, note=""):
        entries = []
        for architecture in architectures:
            digest, size = self.push_image(repository, f"{tag}-{architecture}", architecture, note)
            entries.append({"mediaType": IMAGE, "digest": digest, "size": size,
                            "platform": {"os": "linux", "architecture": architecture}})
        return self.push_manifest(repository, tag, INDEX, {
            "schemaVersion": 2, "mediaType": INDEX, "manifests": entries})


def basic(name, password):
    return base64.b64encode(f"{name}:{password}".encode()).decode()
