"""Keys, and tokens of any header and payload, well signed."""
import base64
import json

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A private key, its public JSON Web Key, and the signatures it makes."""

    def __init__(self, kid, private):
        self.kid, self.private = kid, private

    def jwk(self, **changes):
        public = self.private.public_key().public_numbers()
        if isinstance(self.private, rsa.RSAPrivateKey):
            members = {"kty": "RSA", "n": number(public.n), "e": number(public.e)}
        else:
            size = self.size
            members = {"kty": "EC", "crv": {32: "P-256", 48: "P-384", 66: "P-521"}[size],
                       "x": number(public.x, size), "y": number(public.y, size)}
        members = {**members, "kid": self.kid, **changes}
        return {name: value for name, value in members.items() if value is not None}

    @property
    def size(self):
        return (self.private.curve.key_size + 7) // 8

    @property
    def pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, octets, algorithm):
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(octets)
        digest = HASHES[algorithm[2:5]]
        if isinstance(self.private, rsa.RSAPrivateKey):
            salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
            return self.private.sign(octets, salted if algorithm[0] == "P" else padding.PKCS1v15(), digest)
        r, s = decode_dss_signature(self.private.sign(octets, ec.ECDSA(digest)))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def token(self, header, payload=b"{}", algorithm="RS256"):
        """Of a header and a payload that are JSON values, or the very bytes."""
        header, payload = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload))
        signed = f"{encode(header)}.{encode(payload)}"
        return f"{signed}.{encode(self.sign(signed.encode(), algorithm))}"


def mac(secret, header, payload=b"{}"):
    """A token sealed with HMAC under `secret`."""
    signed = f"{encode(json.dumps(header).encode())}.{encode(payload)}"
    code = hmac.HMAC(secret, hashes.SHA256())
    code.update(signed.encode())
    return f"{signed}.{encode(code.finalize())}"


def rsa_key(kid, bits=2048, exponent=65537):
    return Key(kid, rsa.generate_private_key(exponent, bits))


def curve_key(kid, curve):
    return Key(kid, ec.generate_private_key(curve))


RSA = rsa_key("rsa")
STRANGER = rsa_key("rsa")
P256 = curve_key("p256", ec.SECP256R1())
P384 = curve_key("p384", ec.SECP384R1())
P521 = curve_key("p521", ec.SECP521R1())
MAIN = {"keys": [key.jwk() for key in (RSA, P256, P384, P521)]}


def row(rows, rule, name, text, verdict, kind="identity", keys="main"):
    rows.append({"rule": rule, "name": name, "text": text, "verdict": verdict, "kind": kind, "keys": keys})
