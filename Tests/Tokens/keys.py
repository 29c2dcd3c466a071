"""K: which keys of a published set may verify anything. `set` is the verdict where the whole set is refused."""
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from joserfc.jwk import KeySet

from signer import MAIN, P256, RSA, STRANGER, curve_key, encode, number, row, rsa_key

OTHERS = [
    RSA.jwk(kid="enc", use="enc", alg="RSA-OAEP"), {"kty": "oct", "kid": "oct", "k": "AAAA"},
    {"kty": "OKP", "crv": "Ed25519", "kid": "okp", "x": encode(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw())},
    {"kty": "AKP", "alg": "ML-DSA-44", "kid": "akp", "pub": "AAAA"}, {"kty": "new"}, {}, {"kty": 1}, "text", None,
]


def make(sets, rows):
    add = Sets(sets, rows)
    purposes(add)
    strength(add)
    coordinates(add)
    whole(add)


class Sets:
    """Adds rows that are about a set of their own, in which a sound key stands beside the one in question."""

    def __init__(self, sets, rows):
        self.sets, self.rows, self.sound = sets, rows, curve_key("sound", ec.SECP256R1()).jwk()

    def key(self, rule, name, jwk, token, verdict):
        self.set(rule, name, {"keys": [self.sound, jwk]}, token, verdict)

    def set(self, rule, name, published, token, verdict):
        self.sets[f"{rule} {name}"] = published if isinstance(published, str) else json.dumps(published)
        row(self.rows, rule, name, token, verdict, keys=f"{rule} {name}")


def purposes(add):
    rsa, point = RSA.token({"alg": "RS256", "kid": "rsa"}), P256.token({"alg": "ES256", "kid": "p256"}, algorithm="ES256")
    for changes in ({"use": "sig"}, {"key_ops": ["verify"]}, {"key_ops": ["sign", "verify"]}, {"alg": "RS256"}, {"ext": True}):
        add.key("K1", f"usable with {changes}", RSA.jwk(**changes), rsa, "claims")
    for changes in ({"use": "enc"}, {"use": ""}, {"use": ["sig"]}, {"key_ops": ["sign"]}, {"key_ops": []}, {"key_ops": "verify"},
                    {"alg": "RS512x"}, {"alg": "RSA-OAEP"}, {"alg": "PS256"}, {"alg": "HS256"}, {"alg": "none"}, {"alg": "ES256"},
                    {"kty": "rsa"}, {"kty": "EC"}, {"kty": "oct"}):
        add.key("K1", f"unusable with {changes}", RSA.jwk(**changes), rsa, "unknownKey")
    for changes in ({"alg": "ES384"}, {"alg": "RS256"}, {"crv": "P-384"}, {"crv": "secp256k1"}, {"crv": "p-256"}, {"kty": "RSA"}):
        add.key("K1", f"unusable point with {changes}", P256.jwk(**changes), point, "unknownKey")
    add.set("K1", "beside every other kind of key", {"keys": OTHERS + [RSA.jwk()] + OTHERS}, rsa, "claims")
    add.set("K1", "as joserfc publishes it", KeySet.import_key_set(MAIN).as_dict(private=False), rsa, "claims")
    for kid in ("enc", "oct", "okp", "akp"):
        token = RSA.token({"alg": "RS256", "kid": kid})
        add.set("K1", f"the name of another kind: {kid}", {"keys": OTHERS + [RSA.jwk()]}, token, "unknownKey")


def strength(add):
    weak, small, strong = rsa_key("rsa", bits=1024), rsa_key("rsa", exponent=3), rsa_key("rsa", bits=3072)
    header = {"alg": "RS256", "kid": "rsa"}
    add.key("K2", "1024 bits", weak.jwk(), weak.token(header), "unknownKey")
    add.key("K2", "3072 bits", strong.jwk(), strong.token(header), "claims")
    add.key("K2", "the exponent 3", small.jwk(), small.token(header), "claims")
    for name, exponent in (("0", 0), ("1", 1), ("even", 65536), ("33 bits", 2 ** 32 + 1)):
        add.key("K2", f"an exponent that is {name}", RSA.jwk(e=number(exponent, 5)), RSA.token(header), "unknownKey")
    # With the exponent 1 every signature is the padded hash itself.
    signed = RSA.token(header).rsplit(".", 1)[0]
    add.key("K2", "a forgery for the exponent 1", RSA.jwk(e="AQ"), f"{signed}.{encode(padded(signed))}", "unknownKey")
    even = RSA.private.public_key().public_numbers().n + 1
    add.key("K2", "an even modulus", RSA.jwk(n=number(even)), RSA.token(header), "unknownKey")
    add.key("K2", "8193 bits", RSA.jwk(n=number(2 ** 8192 + 1)), RSA.token(header), "unknownKey")
    for changes in ({"n": ""}, {"n": None}, {"n": "AQ=="}, {"n": 65537}, {"e": None}, {"e": ""}, {"e": 65537}):
        add.key("K2", f"RSA with {changes}", RSA.jwk(**changes), RSA.token(header), "unknownKey")


def padded(signed):
    """EMSA-PKCS1-v1_5 with SHA-256 for 2048 bits (RFC 8017 9.2)."""
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(signed.encode()).digest()
    return b"\0\1" + b"\xff" * (253 - len(digest)) + b"\0" + digest


def coordinates(add):
    token = P256.token({"alg": "ES256", "kid": "p256"}, algorithm="ES256")
    public = P256.private.public_key().public_numbers()
    # GnuTLS, and so glewlwyd, writes coordinates as signed numbers.
    add.key("K2", "a zero octet more", P256.jwk(x=number(public.x, 33), y=number(public.y, 33)), token, "claims")
    for name, changes in {
        "two zero octets more": {"x": number(public.x, 34)}, "off the curve": {"y": number(public.y ^ 1, 32)},
        "the point at infinity": {"x": encode(bytes(32)), "y": encode(bytes(32))}, "x too short": {"x": number(public.x, 32)[:-2]},
        "y beyond the field": {"y": encode(b"\xff" * 32)}, "no y": {"y": None}, "y that is a number": {"y": 1},
    }.items():
        add.key("K2", f"a point with {name}", P256.jwk(**changes), token, "unknownKey")


def whole(add):
    token = RSA.token({"alg": "RS256", "kid": "rsa"})
    add.set("K3", "another key of the same name", {"keys": [RSA.jwk(), STRANGER.jwk()]}, token, "key")
    add.set("K3", "the same key twice", {"keys": [RSA.jwk(), RSA.jwk()]}, token, "key")
    add.set("K3", "a point of the same name", {"keys": [RSA.jwk(), P256.jwk(kid="rsa")]}, token, "key")
    add.set("K3", "an unusable key of the same name", {"keys": [RSA.jwk(), RSA.jwk(use="enc")]}, token, "claims")
    add.set("K3", "namesakes elsewhere", {"keys": [RSA.jwk(), P256.jwk(kid="a"), STRANGER.jwk(kid="a")]}, token, "claims")
    private = KeySet.import_key_set({"keys": [RSA.jwk()]}).as_dict()
    for name in ("d", "p", "q", "dp", "dq", "qi", "oth"):
        add.set("K4", f"the private {name}", {"keys": [RSA.jwk(), STRANGER.jwk(kid="b", **{name: "AAAA"})]}, token, "set")
    add.set("K4", "nothing private", private, token, "claims")
    for name, published in {
        "symmetric keys alone": {"keys": [{"kty": "oct", "k": "AAAA", "kid": "rsa"}]}, "no key": {"keys": []},
        "nothing usable": {"keys": OTHERS}, "a map": {"keys": {"rsa": RSA.jwk()}}, "a list": [RSA.jwk()], "nothing": {},
        "65 keys": {"keys": [RSA.jwk(kid=str(index)) for index in range(65)]}, "a web page": "<html></html>", "no text": "",
        "keys twice": json.dumps({"keys": [RSA.jwk()]})[:-1] + ',"keys":[]}', "more after it": json.dumps(MAIN) + "x",
    }.items():
        add.set("K4", name, published, token, "set")
