#!/usr/bin/env python3
"""From the click to the notebook server's first answer with JupyterHub and KubeSpawner, on the cluster of ORRERY_TEST_KUBECONFIG:
what `click.py` measures of Orrery, with the same image and behind the same proxy.

    .build/test-tools/bin/pip install jupyterhub-kubespawner==7.1.0
    Tests/Kubernetes/up        # in another terminal; says what to set
    .build/test-tools/bin/python Tests/Benchmarks/kubespawner.py [--rounds 5]
"""
import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("ORRERY_PROXY", str(ROOT / ".build/release/orrery-proxy"))
sys.path.insert(0, str(ROOT / "Tests/Product"))
from click import until  # noqa: E402
from apiserver import Ground, server  # noqa: E402
from demo import eventually  # noqa: E402
from hub import Hub  # noqa: E402

SPAWNER = """
c.JupyterHub.hub_bind_url = "http://0.0.0.0:{{hub_port}}"
c.JupyterHub.hub_connect_url = "http://{address}:{{hub_port}}"
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.KubeSpawner.namespace = "{namespace}"
c.KubeSpawner.image = "{image}"
c.KubeSpawner.cmd = ["jupyterhub-singleuser"]
c.KubeSpawner.uid = 20001
c.KubeSpawner.environment = {{{{"HOME": "/tmp"}}}}
c.KubeSpawner.cpu_guarantee, c.KubeSpawner.cpu_limit = 0.1, 1
c.KubeSpawner.mem_guarantee, c.KubeSpawner.mem_limit = "256M", "1G"
c.KubeSpawner.delete_grace_period = 1
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    os.environ["KUBECONFIG"] = os.environ["ORRERY_TEST_KUBECONFIG"]
    with tempfile.TemporaryDirectory() as directory, server(pathlib.Path(directory)) as api, Ground(api) as ground:
        more = SPAWNER.format(address=os.environ["ORRERY_TEST_ADDRESS"], namespace=ground.name, image=api.image)
        with Hub(directory, more) as hub:
            hub.api("POST", "/users/ada")
            taken = [click(hub) for _ in range(wanted.rounds)]
    print(json.dumps({"click_s": round(statistics.median(taken), 3), "clicks": [round(each, 2) for each in taken]}, indent=2))


def click(hub):
    start = time.monotonic()
    asked = hub.api("POST", "/users/ada/server")
    assert asked.status_code in (201, 202), asked.text
    until(lambda: hub.request("GET", "/user/ada/api", allow_redirects=False).status_code == 200)
    taken = time.monotonic() - start
    hub.api("DELETE", "/users/ada/server")
    eventually(lambda: not hub.user("ada")["servers"], hub.words, 120)
    return taken


if __name__ == "__main__":
    main()
