"""The spawner's own suite for a cluster that is really there, run against the demo's `north`."""
import os
import re
import subprocess


def test_the_spawners_suite_passes_against_pocket(demo):
    image = re.search(r"(registry\S+/jupyterlab).*?(sha256:\w+)", (demo.state / "north/pocket.yaml").read_text())
    north = re.search(r"listen: (\S+)", (demo.state / "north/pocket.yaml").read_text())[1]
    suite = subprocess.run(
        ["swift", "test", "--skip-build", "--filter", "ClusterSuite"], cwd=demo.root, capture_output=True, text=True,
        timeout=300, env={
            **os.environ, "ORRERY_TEST_CLUSTER_URL": f"http://{north}",
            "ORRERY_TEST_CLUSTER_TOKEN": f"file:{demo.state}/north/hub.token", "ORRERY_TEST_CLUSTER_NAMESPACE": "hub",
            "ORRERY_TEST_CLUSTER_IMAGE": f"{image[1]}@{image[2]}"})
    assert suite.returncode == 0, suite.stdout[-3000:]
    assert "skipped" not in suite.stdout
    assert int(re.search(r"Test run with (\d+) tests", suite.stdout)[1]) >= 3
