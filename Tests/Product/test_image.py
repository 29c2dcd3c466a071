"""Images of the programs: made without a container engine, pushed as they are, and whole without anything of this machine."""
import json
import os
import pathlib
import subprocess
import tarfile

import pytest
import requests

import registry

ROOT = pathlib.Path(__file__).resolve().parents[2]
AGENT = os.environ.get("ORRERY_AGENT", str(ROOT / ".build/debug/orrery-agent"))
# For what is the same with any program: a small one.
SMALL = "/usr/bin/true"
SOME = "registry.example/agent@sha256:" + "0" * 64


def image(program, binary, to, **variables):
    return subprocess.run([ROOT / "deploy/image", program, "--binary", binary, "--to", to], capture_output=True, text=True,
                          timeout=300, env=os.environ | variables)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory):
    """The agent's image as a cluster gets it: pushed by a tool of others, then fetched by its digest."""
    directory = tmp_path_factory.mktemp("image")
    made = image("orrery-agent", AGENT, directory / "agent.tar")
    assert made.returncode == 0, made.stderr
    digest = made.stdout.split()[-1]
    with registry.Registry(directory / "registry") as host:
        pushed = subprocess.run(
            ["skopeo", "copy", "--insecure-policy", "--preserve-digests", "--dest-tls-verify=false",
             f"oci-archive:{directory}/agent.tar", f"docker://{host.host}/site/orrery-agent:1"],
            capture_output=True, text=True, timeout=120)
        assert pushed.returncode == 0, pushed.stderr

        def fetch(kind, which):
            answer = requests.get(f"http://{host.host}/v2/site/orrery-agent/{kind}/{which}", timeout=60,
                                  headers={"Accept": registry.IMAGE})
            assert answer.status_code == 200, answer.text
            return answer.content

        manifest = json.loads(fetch("manifests", digest))
        configuration = json.loads(fetch("blobs", manifest["config"]["digest"]))
        layer = directory / "layer.tar.gz"
        layer.write_bytes(fetch("blobs", manifest["layers"][0]["digest"]))
    root = directory / "root"
    with tarfile.open(layer) as tar:
        tar.extractall(root)
    return root, configuration["config"]


def run(pulled, *arguments):
    """As a cluster would: the image's own tree and account, and nothing else but /proc and /dev."""
    root, config = pulled
    user, group = config["User"].split(":")
    return subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--clearenv",
         "--uid", user, "--gid", group, *config["Entrypoint"], *arguments], capture_output=True, text=True, timeout=60)


def test_the_program_runs_with_nothing_but_its_image(pulled):
    assert run(pulled, "--version").stdout == "0.1.0\n"
    manifest = run(pulled, "manifest", "--image", SOME)
    assert SOME in manifest.stdout and manifest.returncode == 0, manifest.stderr
    # The account is the one that its manifest gives it.
    assert f"runAsUser: {pulled[1]['User'].split(':')[0]}" in manifest.stdout


def test_an_image_has_no_shell_and_knows_the_authorities(pulled):
    root, _ = pulled
    assert sorted(path.name for path in (root / "usr/bin").iterdir()) == ["orrery-agent"]
    authorities = (root / "usr/lib/ssl/certs").readlink()
    assert "BEGIN CERTIFICATE" in (root / str(authorities).lstrip("/") / "ca-certificates.crt").read_text()


def test_the_same_program_gives_the_same_digest(tmp_path):
    first, second = (image("orrery-proxy", SMALL, tmp_path / name, TZ=zone).stdout.split()[-1]
                     for name, zone in (("one.tar", "UTC"), ("two.tar", "Asia/Tokyo")))
    assert first == second and first.startswith("sha256:")


@pytest.mark.parametrize("arguments, sentence", [
    ([], "which program"),
    (["orrery-nothing"], "unknown argument orrery-nothing"),
    (["orrery-agent", "--binary", "/etc/passwd"], "/etc/passwd is no program of this machine"),
    (["orrery-agent", "--binary", "/does/not/exist"], "/does/not/exist is no program of this machine"),
    (["orrery-agent", "--to"], "--to needs a file"),
    (["orrery-proxy", "--binary", SMALL, "--to", "/does/not/exist.tar"], "/does/not/exist.tar cannot be written"),
])
def test_what_cannot_be_made_is_said(arguments, sentence):
    refused = subprocess.run([ROOT / "deploy/image", *arguments], capture_output=True, text=True, timeout=60)
    assert refused.returncode and sentence in refused.stderr, refused.stderr


def test_another_program_of_ours_is_not_packed_under_the_name(tmp_path):
    other = tmp_path / "orrery-proxy"
    other.symlink_to(SMALL)
    answer = image("orrery", other, tmp_path / "orrery.tar")
    assert answer.returncode == 1 and f"--binary {other} is not orrery" in answer.stderr
    assert not (tmp_path / "orrery.tar").exists()
