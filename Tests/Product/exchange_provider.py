"""An OpenID Connect issuer that exchanges tokens (RFC 8693): no program that is packaged here does. Made with joserfc, so nothing
of ours has a part in what it accepts and signs. Whoever comes is logged in as `account` without being asked."""
import base64
import contextlib
import hashlib
import http.server
import json
import secrets
import threading
import time
import urllib.parse

from joserfc import jwk, jwt

from answering import Answering

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
CLIENT, SECRET = "orrery", "the:secret"


class ExchangeProvider:
    """`life`: seconds of an exchanged token. `mood`: what the next exchanges do, `right`, `wide` or `away`."""

    def __init__(self, account, life):
        self.account, self.life, self.mood = account, life, "right"
        self.codes, self.refreshes, self.logins, self.exchanged, self.wrong, self.tries = {}, {}, [], [], [], []
        key = jwk.ECKey.generate_key("P-256").as_dict(private=True)
        self.key = jwk.ECKey.import_key({**key, "kid": secrets.token_hex(4), "alg": "ES256", "use": "sig"})

    @contextlib.contextmanager
    def running(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Handler,), {"provider": self}))
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
        server.server_close()

    def sign(self, life, **claims):
        now = int(time.time())
        claims = {"iss": self.url, "sub": "subject-of-ada", "iat": now, "nbf": now, "exp": now + life,
                  "jti": secrets.token_hex(8), **claims}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid, "typ": "JWT"}, claims, self.key, algorithms=["ES256"])

    def verify(self, token, at=None):
        """The claims of a token of ours that was good at this time, or is now."""
        claims = jwt.decode(token, self.key, algorithms=["ES256"]).claims
        jwt.JWTClaimsRegistry(now=at, iss={"essential": True, "value": self.url}, exp={"essential": True}).validate(claims)
        return claims

    def authorize(self, query):
        code = secrets.token_hex(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?" + urllib.parse.urlencode({"code": code, "state": query["state"]})

    def token(self, form):
        """Status and answer of the token endpoint, to our own client."""
        kind = form["grant_type"][0]
        if kind == "authorization_code":
            asked = self.codes.pop(form["code"][0])
            digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
            assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
            return 200, self.grant(asked["scope"], asked["nonce"])
        if kind == "refresh_token":
            return 200, self.grant(self.refreshes.pop(form["refresh_token"][0]))
        assert kind == EXCHANGE, kind
        return self.exchange(form)

    def grant(self, scope, nonce=None):
        refresh, access = secrets.token_hex(16), self.sign(300, aud=self.url, scope=scope)
        self.refreshes[refresh] = scope
        self.logins.append(access)
        more = {} if nonce is None else {"id_token": self.sign(300, aud=CLIENT, nonce=nonce, **self.account)}
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "scope": scope,
                "refresh_token": refresh, **more}

    def exchange(self, form):
        # It may change at any moment.
        mood = self.mood
        self.tries.append(mood)
        if mood == "away":
            return 503, {}
        assert form["subject_token_type"] == form["requested_token_type"] == [ACCESS_TOKEN]
        login = self.verify(form["subject_token"][0])
        asked = set(form["scope"][0].split())
        assert asked < set(login["scope"].split()), "an exchange is for less than the login"
        scope = login["scope"] if mood == "wide" else " ".join(sorted(asked))
        # What the answer says may be right while the token is not.
        token = self.sign(self.life, sub=login["sub"], aud=form["audience"][0], scope=scope, act={"sub": CLIENT})
        if scope != login["scope"]:
            self.exchanged.append(token)
        return 200, {"access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer",
                     "expires_in": self.life, "scope": " ".join(sorted(asked)), "refresh_token": "not-for-sessions"}


class Handler(Answering):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/auth":
            self.redirect(self.provider.authorize(dict(urllib.parse.parse_qsl(url.query))))
        elif url.path == "/jwks":
            self.answer_json({"keys": [self.provider.key.as_dict(private=False)]})
        else:
            base = self.provider.url
            self.answer_json({
                "issuer": base, "authorization_endpoint": f"{base}/auth", "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/jwks", "grant_types_supported": ["authorization_code", "refresh_token", EXCHANGE]})

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        pair = base64.b64encode(f"{CLIENT}:{urllib.parse.quote(SECRET, safe='')}".encode()).decode()
        if self.headers["Authorization"] != f"Basic {pair}":
            return self.answer_json({"error": "invalid_client"}, 401)
        try:
            status, document = self.provider.token(form)
            self.answer_json(document, status)
        except Exception as error:
            self.provider.wrong.append(repr(error))
            self.answer_json({"error": "invalid_request"}, 400)
