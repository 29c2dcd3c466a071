"""What the suites do first with a cluster of somebody else's, of which they have only an administrator's kubeconfig: a pocket
that is told nothing else."""
import pytest
import requests
import yaml

from apiserver import MARK, Ground, read, server


@pytest.fixture
def kubeconfig(tmp_path):
    """A running cluster, and the file that its administrator hands over."""
    with server(tmp_path) as api:
        path = tmp_path / "admin.conf"
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "there",
            "contexts": [{"name": "there", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": api.url}}],
            "users": [{"name": "u", "user": {"token": api.token}}]}))
        yield path


def test_the_ground_is_made_from_a_kubeconfig_alone_and_removed(kubeconfig, tmp_path):
    if not (foreign := read(kubeconfig, tmp_path, "registry.test/lab/lab@sha256:1")).token:
        pytest.skip("the cluster of ORRERY_TEST_KUBECONFIG is known by a client certificate")
    left = foreign.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": "orrery-test-somebodys", "labels": {MARK: "yes"}}})
    try:
        with Ground(foreign) as ground:
            pods = f"{foreign.url}/api/v1/namespaces/{ground.name}/pods"
            headers = {"Authorization": f"Bearer {ground.token}"}
            assert requests.get(pods, headers=headers, timeout=10, proxies={"http": None}).status_code == 200
            # The account has the Role's rights and no other.
            for path in ("/api/v1/namespaces", f"/api/v1/namespaces/{ground.name}/secrets"):
                answer = requests.get(foreign.url + path, headers=headers, timeout=10, proxies={"http": None})
                assert answer.status_code == 403, answer.text
        assert ground.gone(ground.name)
        # Made a moment ago: somebody may be testing there.
        assert not ground.gone(left["metadata"]["name"])
    finally:
        foreign.call("DELETE", f"/api/v1/namespaces/{left['metadata']['name']}")


def test_a_ground_that_cannot_be_made_leaves_nothing(kubeconfig, tmp_path):
    foreign = read(kubeconfig, tmp_path, "registry.test/lab/lab@sha256:1")
    ground = Ground(foreign)
    ground.objects.append({"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "x"}})
    with pytest.raises(AssertionError, match="nonsenses"):
        ground.__enter__()
    assert ground.gone(ground.name)
