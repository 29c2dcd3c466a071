"""image.py NAME DIRECTORY [COMMAND...]: an image of one layer in the registry of Tests/Kubernetes/up; prints its reference."""
import gzip
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

REGISTRY = "127.0.0.1:5000"
OCI = "application/vnd.oci.image"


class Digest:
    """A file that is written to, and its digest."""

    def __init__(self, file):
        self.file, self.sum = file, hashlib.sha256()

    def write(self, data):
        self.sum.update(data)
        return self.file.write(data)

    def flush(self):
        self.file.flush()


def main(name, directory, *command):
    with tempfile.TemporaryDirectory() as scratch:
        layout = pathlib.Path(scratch)
        blobs = layout / "blobs/sha256"
        blobs.mkdir(parents=True)
        layer, content = pack(directory, blobs)
        configuration = put(blobs, {
            "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [content]},
            "config": {"Env": ["PATH=/opt/lab/bin:/usr/local/bin:/usr/bin:/bin"], "Cmd": list(command)}})
        manifest = put(blobs, {
            "schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json",
            "config": {"mediaType": f"{OCI}.config.v1+json", **configuration},
            "layers": [{"mediaType": f"{OCI}.layer.v1.tar+gzip", **layer}]})
        (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
            {"mediaType": f"{OCI}.manifest.v1+json", **manifest,
             "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}))
        subprocess.run(["skopeo", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", f"oci:{layout}:latest",
                        f"docker://{REGISTRY}/{name}:latest"], check=True)
    print(f"{REGISTRY}/{name}@{manifest['digest']}")


def pack(directory, blobs):
    """The directory as a layer, and the digest of what is in it."""
    with open(blobs / "layer", "wb") as file:
        packed = Digest(file)
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as squeezed:
            content = Digest(squeezed)
            tar = subprocess.Popen(["tar", "--numeric-owner", "--sort=name", "-C", directory, "--exclude=./proc/*",
                                    "--exclude=./sys/*", "-c", "."], stdout=subprocess.PIPE)
            shutil.copyfileobj(tar.stdout, content)
            assert tar.wait() == 0, f"tar could not read {directory}"
    size = (blobs / "layer").stat().st_size
    (blobs / "layer").rename(blobs / packed.sum.hexdigest())
    return {"digest": f"sha256:{packed.sum.hexdigest()}", "size": size}, f"sha256:{content.sum.hexdigest()}"


def put(blobs, value):
    data = json.dumps(value, sort_keys=True).encode()
    name = hashlib.sha256(data).hexdigest()
    (blobs / name).write_bytes(data)
    return {"digest": f"sha256:{name}", "size": len(data)}


if __name__ == "__main__":
    main(*sys.argv[1:])
