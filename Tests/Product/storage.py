"""Object storage for the tests: moto's S3 and STS, behind a door that believes only tokens that it verified itself.

moto gives credentials for any token. The door verifies each with joserfc, with keys that it finds by the issuer's discovery
document, and lets requests through only with credentials that it saw given out.
"""
import datetime
import http.server
import json
import re
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

from joserfc import jwk, jwt

from answering import Answering
from demo import DIRECT, eventually
from proxying import environment, free_port

FORM, XML = "application/x-www-form-urlencoded", "text/xml"
BAD_TOKEN = b"<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>"


class Storage:
    def __init__(self, audience):
        self.audience, self.issuer = audience, None
        self.port, self.inner = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.believed, self.refused, self.keys = [], [], set()

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.inner)], env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.answers, "moto answers")
        door = type("Here", (Door,), {"storage": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), door)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.process.terminate()
        self.process.wait(30)

    def answers(self):
        assert self.process.poll() is None, "moto has ended"
        return DIRECT.open(f"http://127.0.0.1:{self.inner}/moto-api/", timeout=2).status == 200

    def verify(self, token):
        """The claims, when the token is one of the issuer's for us, now."""
        document = fetch(f"{self.issuer}/.well-known/openid-configuration")
        assert document["issuer"] == self.issuer
        keys = jwk.KeySet.import_key_set(fetch(document["jwks_uri"]))
        claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.issuer}, aud={"essential": True, "value": self.audience},
            exp={"essential": True}, nbf={"essential": True}, sub={"essential": True}).validate(claims)
        return claims


def fetch(url):
    with DIRECT.open(url, timeout=10) as answer:
        return json.loads(answer.read())


class Door(Answering):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = dict(urllib.parse.parse_qsl(body.decode("latin-1"))) if FORM in self.headers.get("Content-Type", "") else {}
        if "WebIdentityToken" in form:
            try:
                claims = self.storage.verify(form["WebIdentityToken"])
            except Exception as error:
                self.storage.refused.append(repr(error))
                return self.answer(400, BAD_TOKEN, XML)
            status, text = self.pass_on(body)
            self.storage.keys.add(re.search(rb"<AccessKeyId>(.+?)</AccessKeyId>", text)[1].decode())
            self.storage.believed.append(claims)
            # So near its end that a client gets the next credentials before its next request.
            end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=12)
            text = re.sub(rb"<Expiration>.+?</Expiration>",
                          end.strftime("<Expiration>%Y-%m-%dT%H:%M:%SZ</Expiration>").encode(), text)
            return self.answer(status, text, XML)
        key = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        if not key or key[1] not in self.storage.keys:
            return self.answer(403, b"<Error><Code>AccessDenied</Code></Error>", XML)
        self.answer(*self.pass_on(body), XML)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def pass_on(self, body):
        own = ("host", "connection", "content-length", "expect", "transfer-encoding", "accept-encoding")
        # Without a type urllib would call it a form, and moto would read it as one.
        headers = {"Content-type": "application/octet-stream"}
        headers |= {name.capitalize(): value for name, value in self.headers.items() if name.lower() not in own}
        request = urllib.request.Request(f"http://127.0.0.1:{self.storage.inner}{self.path}", method=self.command,
                                         data=body or None, headers=headers)
        try:
            with DIRECT.open(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
