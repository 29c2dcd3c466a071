"""The tests' own tools as the image of pods, which see a virtual environment at its own path."""
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

# In every pod something of its own lies here.
HIDDEN = ("/tmp/", "/var/tmp/", "/run/", "/dev/")


@functools.cache
def lab():
    """A virtual environment with everything that the tests have, at a place that pods see."""
    own = os.path.realpath(sys.prefix)
    return copied(pathlib.Path(own)) if own.startswith(HIDDEN) else own


def copied(own):
    """The same at a place that pods see; made once for what is there now, since pods of another run may be using it."""
    name = hashlib.sha256(str(own).encode()).hexdigest()[:12]
    caches = [pathlib.Path.home() / ".cache"]
    if cache := os.environ.get("XDG_CACHE_HOME"):
        caches.insert(0, pathlib.Path(cache))
    copy = next(cache for cache in caches if not f"{cache}/".startswith(HIDDEN)) / f"orrery/test-lab-{name}"
    packages = next(own.glob("lib/python3*/site-packages")).relative_to(own)
    whole, version = copy / "whole", str((own / packages).stat().st_mtime_ns)
    if whole.exists() and whole.read_text() == version:
        return str(copy)
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", copy], check=True)
    shutil.rmtree(copy / packages)
    # Links are enough, where the file system takes them; nobody writes into either.
    if subprocess.run(["cp", "-al", own / packages, copy / packages], stderr=subprocess.DEVNULL).returncode:
        shutil.rmtree(copy / packages, ignore_errors=True)
        subprocess.run(["cp", "-a", own / packages, copy / packages], check=True)
    script = (own / "bin/jupyterhub-singleuser").read_text().replace(str(own), str(copy))
    (copy / "bin/jupyterhub-singleuser").write_text(script.replace(sys.prefix, str(copy)))
    (copy / "bin/jupyterhub-singleuser").chmod(0o755)
    whole.write_text(version)
    return str(copy)
