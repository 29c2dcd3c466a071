"""`orrery profiles resolve` against Debian's docker-registry: tags become digests, and the document keeps its layout."""
import base64
import datetime
import http.server
import json
import os
import pathlib
import subprocess
import threading
import urllib.parse

import bcrypt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwk, jwt

import registry as registries


def resolve(orrery, directory, *options):
    return subprocess.run(
        [orrery, "profiles", "resolve", str(directory), *options], capture_output=True, text=True, timeout=60)


def policy(directory, text):
    directory.mkdir(exist_ok=True)
    (directory / "profiles.yaml").write_text(text)
    return directory


@pytest.fixture(scope="module")
def open_registry(tmp_path_factory):
    with registries.Registry(tmp_path_factory.mktemp("registry")) as made:
        yield made


@pytest.fixture
def orrery():
    root = pathlib.Path(__file__).resolve().parents[2]
    return os.environ.get("ORRERY", str(root / ".build" / "debug" / "orrery"))


def test_tags_become_digests_and_all_else_stays(orrery, open_registry, tmp_path):
    one, _ = open_registry.push_image("lab/one", "2026.11")
    many, _ = open_registry.push_index("lab/many", "w_30", ["arm64", "amd64"])
    text = f"""# What runs. {{all}} of it
registries:   [ {{host: "{open_registry.host}", repos: ["lab/*"]}} ]
environments:
  # from the weekly build
  one:
      image: {open_registry.host}/lab/one:2026.11   # frozen
      title: 'One'
  many: {{title: "Many", image: "{open_registry.host}/lab/many:w_30", digest: sha256:{'0' * 64}}}  # old
  still: {{image: {open_registry.host}/lab/still}}
sizes: {{}}   # nothing else is looked at
"""
    directory = policy(tmp_path / "policy", text)
    os.chmod(directory / "profiles.yaml", 0o640)

    asked = resolve(orrery, directory)
    assert asked.returncode == 1
    assert f"one: {open_registry.host}/lab/one:2026.11 is {one} now; the document says nothing yet" in asked.stdout
    assert f"is {many} now; the document says sha256:{'0' * 64}" in asked.stdout
    assert "still: no tag is written, so its digest stays as it is" in asked.stdout
    assert "one, many: write the new digests with --write" in asked.stderr
    assert (directory / "profiles.yaml").read_text() == text

    written = resolve(orrery, directory, "--write")
    assert written.returncode == 0, written.stderr
    assert (directory / "profiles.yaml").read_text() == text.replace(
        "   # frozen\n", f'   # frozen\n      digest: "{one}"\n      platforms: [linux/amd64]\n'
    ).replace('w_30", digest: sha256:' + "0" * 64, f'w_30", platforms: [linux/amd64, linux/arm64], digest: {many}')
    assert (directory / "profiles.yaml").stat().st_mode & 0o777 == 0o640
    assert [name.name for name in directory.iterdir()] == ["profiles.yaml"]

    again = resolve(orrery, directory)
    assert again.returncode == 0, again.stderr
    assert f"is {one} as before" in again.stdout and f"is {many} as before" in again.stdout


def test_a_tag_that_moved_is_said_with_old_and_new(orrery, open_registry, tmp_path):
    old, _ = open_registry.push_image("lab/moving", "latest")
    text = f"environments:\n  lab:\n    image: {open_registry.host}/lab/moving:latest\n    digest: {old}\n" \
           "    platforms: [linux/amd64]\n"
    directory = policy(tmp_path / "policy", text)
    assert resolve(orrery, directory).returncode == 0
    new, _ = open_registry.push_image("lab/moving", "latest", note="newer")
    moved = resolve(orrery, directory)
    assert moved.returncode == 1 and f"is {new} now; the document says {old}" in moved.stdout
    assert resolve(orrery, directory, "--write").returncode == 0
    assert (directory / "profiles.yaml").read_text() == text.replace(old, new)


def test_an_image_that_lost_a_platform_is_not_written(orrery, open_registry, tmp_path):
    open_registry.push_index("lab/few", "1", ["amd64"])
    text = f"environments:\n  lab:\n    image: {open_registry.host}/lab/few:1\n    platforms: [linux/amd64, linux/arm64]\n"
    directory = policy(tmp_path / "policy", text)
    lost = resolve(orrery, directory, "--write")
    assert lost.returncode == 1 and "does not run on linux/arm64" in lost.stderr
    assert (directory / "profiles.yaml").read_text() == text


@pytest.mark.parametrize("name,sentence", [
    ("lab/one:nosuch", "has no lab/one:nosuch; write a tag that is there, or push the image"),
    ("lab/never:1", "has no lab/never:1"),
])
def test_what_is_not_there_is_named(orrery, open_registry, tmp_path, name, sentence):
    text = f"environments: {{lab: {{image: {open_registry.host}/{name}}}}}"
    missing = resolve(orrery, policy(tmp_path / "policy", text), "--write")
    assert missing.returncode == 1 and sentence in missing.stderr
    assert (tmp_path / "policy" / "profiles.yaml").read_text() == text


def test_a_registry_that_is_down_is_named(orrery, tmp_path):
    host = f"127.0.0.1:{registries.free_port()}"
    directory = policy(tmp_path / "policy", f"environments: {{lab: {{image: {host}/lab/x:1}}}}")
    down = resolve(orrery, directory)
    assert down.returncode == 1 and f"lab: the registry {host} did not answer" in down.stderr


def test_a_registry_with_passwords_wants_a_login(orrery, tmp_path):
    # A bcrypt hash of `secret`, as htpasswd makes it.
    secret = bcrypt.hashpw(b"secret", b"$2b$05$abcdefghijklmnopqrstuu").decode()
    (tmp_path / "passwords").write_text(f"ann:{secret}\n")
    auth = {"htpasswd": {"realm": "lab", "path": str(tmp_path / "passwords")}}
    with registries.Registry(tmp_path / "registry", auth, ("ann", "secret")) as made:
        digest, _ = made.push_image("lab/x", "1")
        directory = policy(tmp_path / "policy", f"environments: {{lab: {{image: {made.host}/lab/x:1}}}}")
        closed = resolve(orrery, directory)
        assert closed.returncode == 1
        assert f"the registry {made.host} wants a login for lab/x; name a file with one" in closed.stderr
        for password, sentence in [("wrong", "does not let this login read lab/x"), ("secret", digest)]:
            logins = tmp_path / "logins.json"
            logins.write_text(json.dumps({"auths": {made.host: {"auth": registries.basic("ann", password)}}}))
            answer = resolve(orrery, directory, "--logins", str(logins))
            assert sentence in answer.stdout + answer.stderr
            assert password == "secret" or registries.basic("ann", password) not in answer.stdout + answer.stderr


class TokenGiver:
    """Gives tokens for a registry, as the token servers of registries do: to whoever asks, or with a password."""

    def __init__(self, directory):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tokens")])
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
        self.chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
        (directory / "tokens.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key = jwk.import_key(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), "EC")
        self.wants, self.asked = None, []
        giver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                giver.asked.append((query, self.headers.get("Authorization")))
                refused = giver.wants and self.headers.get("Authorization") != giver.wants
                body = b"{}" if refused else json.dumps({"token": giver.token(query["scope"][0])}).encode()
                self.send_response(401 if refused else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.auth = {"token": {
            "realm": f"http://127.0.0.1:{self.server.server_address[1]}/token?account=x", "service": "lab registry",
            "issuer": "tokens", "rootcertbundle": str(directory / "tokens.pem")}}

    def token(self, scope):
        kind, name, actions = scope.split(":")
        now = int(datetime.datetime.now().timestamp())
        return jwt.encode(
            {"alg": "ES256", "typ": "JWT", "x5c": self.chain},
            {"iss": "tokens", "sub": "x", "aud": "lab registry", "exp": now + 300, "nbf": now - 10, "iat": now,
             "jti": "1", "access": [{"type": kind, "name": name, "actions": actions.split(",")}]}, self.key)


def test_a_registry_with_tokens_is_asked_with_one(orrery, tmp_path):
    giver = TokenGiver(tmp_path)
    push = lambda: giver.token("repository:lab/x:pull,push")
    with registries.Registry(tmp_path / "registry", giver.auth, token=push) as made:
        digest, _ = made.push_image("lab/x", "1")
        directory = policy(tmp_path / "policy", f"environments: {{lab: {{image: {made.host}/lab/x:1}}}}")
        found = resolve(orrery, directory)
        assert f"is {digest} now" in found.stdout, found.stderr
        query, login = giver.asked[0]
        assert query == {"account": ["x"], "service": ["lab registry"], "scope": ["repository:lab/x:pull"]}
        assert login is None

        giver.wants = "Basic " + registries.basic("ann", "secret")
        closed = resolve(orrery, directory)
        assert closed.returncode == 1 and "wants a login for lab/x" in closed.stderr
        logins = tmp_path / "logins.json"
        logins.write_text(json.dumps({"auths": {made.host: {"auth": registries.basic("ann", "secret")}}}))
        assert digest in resolve(orrery, directory, "--logins", str(logins)).stdout
    giver.server.shutdown()


def test_nothing_readable_ends_with_one_sentence(orrery, tmp_path):
    gone = resolve(orrery, tmp_path / "nowhere")
    assert gone.returncode == 1 and "the file cannot be read" in gone.stderr
    directory = policy(tmp_path / "policy", "environments: {lab: {image: notebook}}")
    assert "is not a full image name" in resolve(orrery, directory).stderr
