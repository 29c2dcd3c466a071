"""C: what a well-signed token may claim. A verdict other than `claims` is how the reason begins."""
import hashlib

from joserfc import jwt
from joserfc.jwk import RSAKey

from signer import RSA, encode, row

NOW = 1_780_000_000
ISSUER = "https://idp.example.org/"
HUB = "https://hub.example.org"
ANY = "https://wlcg.cern.ch/jwt/v1/any"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
GOOD = {
    "identity": {"iss": ISSUER, "sub": "7f3c", "aud": "orrery", "exp": NOW + 600, "iat": NOW, "nonce": "n-1"},
    "access": {"iss": ISSUER, "sub": "7f3c", "aud": HUB, "exp": NOW + 600, "iat": NOW, "scope": "openid", "wlcg.ver": "1.0"},
    "logout": {"iss": ISSUER, "sub": "7f3c", "aud": "orrery", "iat": NOW, "jti": "j-1", "events": {LOGOUT: {}}},
}
TYPES = {"identity": "JWT", "access": "at+jwt", "logout": "logout+jwt"}
GONE = object()


def make(sets, rows):
    for chapter in (issuers, audiences, kinds, subjects, times, bindings, logouts):
        chapter(Claims(rows))


class Claims:
    """Adds a row that differs from a good token of its kind in a few claims."""

    key = RSAKey.import_key(RSA.private)

    def __init__(self, rows):
        self.rows = rows

    def __call__(self, rule, kind, verdict, header_typ=None, **changes):
        claims = {**GOOD[kind], **{name.replace("__", "."): value for name, value in changes.items()}}
        claims = {name: value for name, value in claims.items() if value is not GONE}
        header = {"alg": "RS256", "kid": "rsa", "typ": header_typ or TYPES[kind]}
        said = ", ".join(f"{name} {'gone' if value is GONE else repr(value)[:40]}" for name, value in changes.items())
        row(self.rows, rule, said or "nothing else", jwt.encode(header, claims, self.key), verdict, kind)


def issuers(add):
    for kind in GOOD:
        add("C1", kind, "claims")
        add("C1", kind, "claims", iss="https://idp.example.org")
        for value in ("https://idp.example.org//", "https://IDP.example.org/", "http://idp.example.org/", "idp.example.org",
                      "https://idp.example.org/#", "", None, 1, [ISSUER], GONE):
            add("C1", kind, "iss", iss=value)


def audiences(add):
    for kind in GOOD:
        ours = GOOD[kind]["aud"]
        add("C2", kind, "claims", aud=[ours])
        for value in ([], None, {}, 1, True, "", "other", ours.upper(), ours + "/", [ours, 1], [[ours]], {ours: 1}, [None], GONE):
            add("C2", kind, "aud", aud=value)
        for value in (ANY, "ANY", [ANY]):
            add("C3", kind, "aud", aud=value)
    add("C2", "access", "claims", aud=["https://storage.example.org", HUB])
    add("C4", "identity", "claims", azp="orrery")
    for value in ("other", ["orrery"], None, ""):
        add("C4", "identity", "azp", azp=value)
    add("C4", "identity", "aud", aud=["orrery", "storage"])
    add("C4", "identity", "aud", aud=["orrery", "storage"], azp="orrery")


def kinds(add):
    for name in ("nonce", "at_hash", "c_hash", "events"):
        for value in ("x", None, {}):
            add("C5", "access", "it is no access token", **{name: value})
    for name in ("token_use", "type", "typ"):
        for value in ("id", "ID", "refresh", "Logout"):
            add("C5", "access", "it is no access token", **{name: value})
        add("C5", "access", "claims", **{name: "access"})
    add("C5", "access", "claims", scope=GONE, wlcg__ver=GONE)
    add("C5", "access", "it does not say", "JWT", scope=GONE, wlcg__ver=GONE)
    for changes in ({"scope": GONE}, {"wlcg__ver": GONE}, {"wlcg__ver": "1.3"}, {"wlcg__ver": GONE, "ver": "scitoken:2.0"}):
        add("C5", "access", "claims", "JWT", **changes)
    for value in ("2.0", "10.0", "1", "1.", "v1.0", "1.0.0", "", 1.0, None):
        add("C5", "access", "wlcg.ver", wlcg__ver=value)
    for value in ("scitoken:3.0", "scitokens:2.0", "2.0", 2, None):
        add("C5", "access", "ver", ver=value)
    add("C5", "access", "scope", ver="scitoken:2.0", scope=GONE)
    for value in (["openid"], 1, None):
        add("C5", "access", "scope", scope=value)


def subjects(add):
    for kind in ("identity", "access"):
        add("C6", kind, "claims", sub="s" * 255)
        for value in ("", "s" * 256, "ädä", "a\nb", 7, None, ["a"], "orrery", "host:worker.example.org", GONE):
            add("C6", kind, "sub", sub=value)
    add("C6", "access", "claims", client_id="oidc-agent")
    add("C6", "access", "sub", client_id="7f3c")


def times(add):
    for kind in ("identity", "access"):
        for value in (NOW + 1, NOW + 0.5):
            add("C7", kind, "claims", exp=value)
        for value in (NOW, NOW - 1, 0, -1, str(NOW + 600), True, None, [], GONE):
            add("C7", kind, "exp", exp=value)
        add("C7", kind, "claims", iat=NOW + 60)
        add("C7", kind, "claims", iat=NOW - 600, nbf=NOW + 60)
        for value in (NOW + 61, NOW - 86401, str(NOW), True, None, GONE):
            add("C7", kind, "iat", iat=value)
        for value in (NOW + 61, "0", None, False):
            add("C7", kind, "nbf", nbf=value)
    add("C7", "access", "claims", exp=NOW + 86400)
    add("C7", "access", "exp", exp=NOW + 86401)
    add("C7", "access", "exp", exp=9_007_199_254_740_993)


def bindings(add):
    for value in ("n-2", "n-1 ", "N-1", "", 1, None, ["n-1"], GONE):
        add("C8", "identity", "nonce", nonce=value)
    add("C8", "identity", "claims", nonce="n-1")
    half = encode(hashlib.sha256(b"access-1").digest()[:16])
    add("C9", "identity", "claims", at_hash=half)
    add("C9", "identity", "claims")
    for value in ("", "AAAA", half[:-1], half + "=", encode(hashlib.sha256(b"access-1").digest()),
                  encode(hashlib.sha256(b"access-2").digest()[:16]), None, 1):
        add("C9", "identity", "at_hash", at_hash=value)


def logouts(add):
    for changes in ({}, {"sid": "s-1"}, {"sid": "s-1", "sub": GONE}, {"exp": NOW + 120}, {"iat": NOW - 120}, {"iat": NOW - 600, "exp": NOW + 1}):
        add("C15", "logout", "claims", **changes)
    for name in ("sub", "sid"):
        for value in ("", 1, None, "x" * 256):
            add("C15", "logout", name, **{name: value})
    add("C15", "logout", "it names neither", sub=GONE)
    for value in ("", None, 1, GONE):
        add("C15", "logout", "jti", jti=value)
    for value in (GONE, None, [LOGOUT], LOGOUT, {}, {LOGOUT: None}, {LOGOUT: "x"}, {LOGOUT + "x": {}}):
        add("C15", "logout", "events", events=value)
    for value in ("n-1", None, ""):
        add("C15", "logout", "nonce", nonce=value)
    for value in (NOW, NOW - 1, str(NOW + 60), None):
        add("C15", "logout", "exp", exp=value)
    for value in (NOW + 61, NOW - 121, str(NOW), None, GONE):
        add("C15", "logout", "iat", iat=value)
