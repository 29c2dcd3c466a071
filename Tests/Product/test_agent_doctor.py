"""`orrery-agent doctor` on a pocket: with the rights of `orrery-agent manifest`, with less, with more, and what it leaves behind."""
import base64
import contextlib
import datetime
import hashlib
import json
import socketserver
import ssl
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apiserver import AGENT, AgentGround, server


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    directory = tmp_path_factory.mktemp("doctor")
    with server(directory) as api, AgentGround(api) as ground:
        ground.directory = directory
        yield ground


def kubeconfig(ground, token):
    """What a site's admin gives to an agent outside the cluster."""
    path = ground.directory / "agent.conf"
    cluster = {"server": ground.server.url}
    if ground.server.ca:
        cluster["certificate-authority"] = ground.server.ca
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "site",
        "contexts": [{"name": "site", "context": {"cluster": "site", "user": "agent", "namespace": ground.sessions}}],
        "clusters": [{"name": "site", "cluster": cluster}], "users": [{"name": "agent", "user": {"token": token}}]}))
    return path


def examine(ground, *more, token=None):
    """Exit status and findings, by subject."""
    answer = subprocess.run(
        [AGENT, "doctor", "--json", "--kubeconfig", kubeconfig(ground, token or ground.token), "--own-namespace",
         ground.own, *more], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    assert not answer.stderr, answer.stderr
    findings = [json.loads(line) for line in answer.stdout.splitlines()]
    return answer.returncode, {each["subject"]: each for each in findings}


def test_with_the_rights_of_the_manifest_all_of_the_api_is_well(ground):
    status, found = examine(ground)
    assert status == 0, found
    grades = {subject: each["grade"] for subject, each in found.items()}
    assert grades["Kubernetes API"] == grades["rights"] == grades["no more rights"] == "ok"
    assert grades["site policy"] == "warning" and "--policy" in found["site policy"]["next"]
    assert grades["session"] == "warning" and "--image" in found["session"]["next"]


def test_a_session_is_started_reached_and_removed(ground):
    _, found = examine(ground, "--image", ground.server.image)
    assert found["session"]["grade"] == "ok", found
    assert found["reached"]["grade"] == "ok" and found["throughput"]["grade"] in ("ok", "warning")
    # Processes of one machine reach each other, and a pocket has nobody who would keep them apart: the doctor must notice.
    if "127." in found["reached"]["found"]:
        assert found["NetworkPolicy"]["grade"] == "failed"
    pods = ground.server.call("GET", f"/api/v1/namespaces/{ground.sessions}/pods")["items"]
    assert not [each for each in pods if "deletionTimestamp" not in each["metadata"]]


def test_a_missing_right_is_named_with_whose_doing_it_is(ground):
    role = next(each for each in ground.objects
                if each["kind"] == "Role" and each["metadata"]["namespace"] == ground.sessions)
    ground.allow(ground.sessions, [each for each in role["rules"] if each["resources"] != ["events"]])
    try:
        status, found = examine(ground)
    finally:
        ground.allow(ground.sessions, role["rules"])
    assert status == 1
    assert found["rights"]["grade"] == "failed" and "list events" in found["rights"]["found"]
    assert found["rights"]["whose"] == "this site's" and "orrery-agent manifest" in found["rights"]["next"]


def test_an_account_that_may_more_is_noticed(ground):
    if not ground.server.token:
        pytest.skip("the administrator of this cluster has no token")
    _, found = examine(ground, token=ground.server.token)
    assert found["no more rights"]["grade"] == "warning"
    assert "create pods/exec" in found["no more rights"]["found"]


@pytest.mark.parametrize("text,grade,words", [
    ("maxima: {cpus: 4}", "failed", "did you mean `cpu`"),
    ("paused: the power is cut on Monday", "warning", "the power is cut on Monday"),
    ("registries: [registry.example]", "ok", "read")])
def test_the_sites_policy_is_read(ground, text, grade, words):
    file = ground.directory / "policy.yaml"
    file.write_text(text)
    _, found = examine(ground, "--policy", file)
    assert found["site policy"]["grade"] == grade and words in found["site policy"]["found"]


def test_a_session_that_the_policy_forbids_is_not_even_tried(ground):
    file = ground.directory / "policy.yaml"
    file.write_text("registries: [registry.example]")
    status, found = examine(ground, "--policy", file, "--image", ground.server.image)
    assert status == 1 and "registry.example" in found["session"]["found"]


def test_a_cluster_that_does_not_answer_is_the_last_finding(ground):
    status, found = examine(ground, token="of-nobody")
    assert status == 1 and list(found) == ["hub", "Kubernetes API"], found


@contextlib.contextmanager
def proxy_end(directory, protocols):
    """The port of somebody who shakes hands as a proxy does, with a key of its own, and the pin of that key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "proxy")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
                   .sign(key, hashes.SHA256()))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    spki = key.public_key().public_bytes(serialization.Encoding.DER, form)
    (directory / "proxy.pem").write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "proxy.pem")
    context.set_alpn_protocols(protocols)

    class Guest(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError), context.wrap_socket(self.request, server_side=True) as stream:
                stream.recv(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Guest) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], base64.b64encode(hashlib.sha256(spki).digest()).decode()
        server.shutdown()


def visit(ground, text):
    """What the doctor finds of the hub of a join string."""
    file = ground.directory / "join"
    file.write_text(text)
    return examine(ground, "--join-file", file)[1]["hub"]


def test_a_proxy_with_the_pinned_key_is_reached(ground):
    with proxy_end(ground.directory, ["orrery-c/1"]) as (port, pin):
        found = visit(ground, f"orrery://127.0.0.1:{port}#pin=sha256:{pin}")
    assert found["grade"] == "ok" and "pins" in found["found"]


@pytest.mark.parametrize("protocols,join,words,whose", [
    (["orrery-c/1"], "orrery://127.0.0.1:{port}#pin=sha256:" + "A" * 43 + "=", "not pinned", "the hub's"),
    (["orrery-c/1"], "orrery://127.0.0.1:{port}", "not trusted", "the hub's"),
    (["http/1.1"], "orrery://127.0.0.1:{port}#pin=sha256:{pin}", "127.0.0.1", "the hub's"),
    ([], "orrery://127.0.0.1:1", "refused", "this site's"),
    ([], "orrery://nowhere.invalid", "no address for nowhere.invalid", "this site's")])
def test_a_step_on_the_way_to_the_hub_that_fails_is_named(ground, protocols, join, words, whose):
    with proxy_end(ground.directory, protocols) as (port, pin):
        found = visit(ground, join.format(port=port, pin=pin))
    assert found["grade"] == "failed" and words in found["found"] and found["whose"] == whose, found
