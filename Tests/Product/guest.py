"""A Linux of its own for a test: User Mode Linux (Debian's user-mode-linux), a kernel that runs as an ordinary process and sees
this machine's files. For what the kernel of the machine may not have; it starts in two seconds and needs no rights."""

import pathlib
import shlex
import shutil
import subprocess

KERNEL = "linux.uml"
MODULES = pathlib.Path("/usr/lib/uml/modules")

INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ip link set lo up
for module in {modules}; do
    /sbin/insmod "{tree}/$(uname -r)/kernel/$module.ko"
done
cd {directory}
env {environment} timeout {seconds} {command} >{output} 2>&1 </dev/null
echo $? >{status}
sync
echo o >/proc/sysrq-trigger
# The end takes effect at any moment, and until then the first process must not end.
while :; do sleep 1; done
"""


def refusal():
    """Why there can be no guest here; None when there can."""
    if shutil.which(KERNEL) is None or not MODULES.is_dir():
        return "there is no User Mode Linux here (Debian: user-mode-linux)"
    if shutil.which("insmod", path="/sbin:/usr/sbin:/bin") is None:
        return "a guest needs insmod (Debian: kmod)"
    return None


def run(command, directory, place, modules=(), environment=None, seconds=600):
    """Runs `command` there in `directory`; its exit status, None if it did not come so far, and what it has said.

    `place` is a directory for what a guest needs; `modules` are kernel modules in order, as `net/tls/tls`.
    """
    output, status, init = place / "output", place / "status", place / "init"
    words = {
        "modules": " ".join(modules),
        "tree": MODULES,
        "directory": shlex.quote(str(directory)),
        "environment": " ".join(shlex.quote(f"{name}={value}") for name, value in (environment or {}).items()),
        "seconds": seconds,
        "command": shlex.join(map(str, command)),
        "output": shlex.quote(str(output)),
        "status": shlex.quote(str(status)),
    }
    init.write_text(INIT.format(**words))
    init.chmod(0o755)
    arguments = ["mem=768M", "rootfstype=hostfs", "rootflags=/", "rw", f"init={init}", "con=null", "con0=fd:0,fd:1", "quiet"]
    kernel = subprocess.run(
        [KERNEL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds + 60
    )
    said = output.read_text() if output.exists() else kernel.stdout.decode(errors="replace")
    return (int(status.read_text()) if status.exists() else None), said
