"""An image of one program in the layout of OCI (image-spec 1.0: manifest, config, image-layout), as one archive.

    image.py PROGRAM BINARY ARCHIVE

The files lie in it at the paths at which they lie here, since the program finds its libraries by them. Every time in it is that of
SOURCE_DATE_EPOCH, or 1970, so that equal files give an equal digest.
"""
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tarfile

# The account of deploy/agent; nobody's elsewhere.
ACCOUNT = 65532
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def fail(text):
    sys.exit(f"error: {text}")


def libraries(binary):
    """The paths of all that the loader maps for it, the loader itself among them."""
    told = subprocess.run(["ldd", binary], capture_output=True, text=True)
    if told.returncode:
        fail(f"{binary} is no program of this machine: {(told.stderr or told.stdout).strip()}")
    if missing := re.findall(r"^\s*(\S+) => not found", told.stdout, re.M):
        fail(f"{binary} needs {', '.join(missing)}, which this machine does not have; build it here, or install them")
    return sorted(set(re.findall(r"(/\S+) \(0x", told.stdout)))


class Layer:
    """A tar of files of root's, in the order of their names when it is done."""

    def __init__(self):
        self.entries = {}

    def put(self, path, content, mode=0o644):
        self.entries[path.lstrip("/")] = (tarfile.REGTYPE, content, mode)

    def take(self, path, source=None, mode=0o644):
        self.put(path, pathlib.Path(source or path).read_bytes(), mode)

    def link(self, path, target):
        self.entries[path.lstrip("/")] = (tarfile.SYMTYPE, target, 0o777)

    def directory(self, path, mode=0o755):
        self.entries[path.lstrip("/")] = (tarfile.DIRTYPE, None, mode)

    def bytes(self):
        # Debian has one tree: /lib and its like are links, and a file put through one of them would replace it.
        for name in ("bin", "lib", "lib64", "sbin"):
            if os.path.islink(f"/{name}"):
                self.link(name, os.readlink(f"/{name}"))
        for path in list(self.entries):
            for parent in pathlib.PurePosixPath(path).parents:
                if str(parent) != "." and str(parent) not in self.entries:
                    self.directory(str(parent))
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, (kind, content, mode) in sorted(self.entries.items()):
                entry = tarfile.TarInfo(path)
                entry.type, entry.mode, entry.mtime = kind, mode, EPOCH
                if kind == tarfile.SYMTYPE:
                    entry.linkname = content
                elif kind == tarfile.REGTYPE:
                    entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
        return archive.getvalue()


def tree(program, binary):
    layer, mapped = Layer(), libraries(binary)
    layer.take(f"/usr/bin/{program}", binary, 0o755)
    for library in mapped:
        # /lib/x and /usr/lib/x are one file; the link is there for the other name.
        whole = os.path.join(os.path.realpath(os.path.dirname(library)), os.path.basename(library))
        layer.take(whole, library, 0o755)
    if not os.path.exists(AUTHORITIES):
        fail(f"{AUTHORITIES} is missing: install ca-certificates, or the program would trust nobody")
    layer.take(AUTHORITIES)
    layer.link("/usr/lib/ssl/certs", "/etc/ssl/certs")
    layer.link("/usr/lib/ssl/cert.pem", AUTHORITIES)
    layer.put("/etc/passwd", f"root:x:0:0:root:/:/none\norrery:x:{ACCOUNT}:{ACCOUNT}:Orrery:/:/none\n".encode())
    layer.put("/etc/group", f"root:x:0:\norrery:x:{ACCOUNT}:\n".encode())
    layer.put("/etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n")
    layer.directory("/tmp", 0o1777)
    # What is mounted in every container has a place, where the tree is read-only.
    for name in ("proc", "dev", "sys"):
        layer.directory(f"/{name}")
    return layer.bytes()


class Archive:
    """Blobs by digest, and what names them."""

    def __init__(self):
        self.files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def blob(self, content, kind):
        digest = hashlib.sha256(content).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    def document(self, value, kind):
        return self.blob(json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), kind)

    def write(self, path):
        part = pathlib.Path(f"{path}.part")
        try:
            part.touch()
        except OSError as error:
            fail(f"{path} cannot be written: {error.strerror.lower()}")
        with tarfile.open(part, "w") as tar:
            for name, content in sorted(self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime = len(content), EPOCH
                tar.addfile(entry, io.BytesIO(content))
        part.replace(path)


def main(program, binary, path):
    machine = MACHINES.get(platform.machine()) or fail(f"no name is known for machines of the kind {platform.machine()}")
    layer, archive = tree(program, binary), Archive()
    packed = archive.blob(gzip.compress(layer, 6, mtime=0), "layer.v1.tar+gzip")
    moment = datetime.datetime.fromtimestamp(EPOCH, datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    config = archive.document({
        "architecture": machine, "os": "linux", "created": moment,
        "config": {
            "User": f"{ACCOUNT}:{ACCOUNT}", "Entrypoint": [f"/usr/bin/{program}"], "Env": ["PATH=/usr/bin"], "WorkingDir": "/",
            "Labels": {"org.opencontainers.image.title": program, "org.opencontainers.image.licenses": "Apache-2.0"}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }, "config.v1+json")
    manifest = archive.document({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [packed],
    }, "manifest.v1+json")
    archive.files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode()
    archive.write(path)
    print(f"{path} {manifest['digest']}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        fail("image.py PROGRAM BINARY ARCHIVE")
    main(*sys.argv[1:])
