"""H: what a header may say. Every token is signed as its header says, where that is possible at all."""
import json

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from signer import HASHES, P256, P384, P521, RSA, STRANGER, Key, encode, mac, row

HEADER = {"alg": "RS256", "kid": "rsa"}


def make(sets, rows):
    believed(rows)
    algorithms(rows)
    bindings(sets, rows)
    extensions(rows)
    types(rows)
    names(sets, rows)


def believed(rows):
    """What a library that is not ours makes of our algorithms is believed."""
    for key, family, algorithms in ((RSA, RSAKey, ("RS256", "RS384", "RS512")), (P256, ECKey, ("ES256",)),
                                    (P384, ECKey, ("ES384",)), (P521, ECKey, ("ES512",))):
        for algorithm in algorithms:
            private = family.import_key(key.private)
            token = jwt.encode({"alg": algorithm, "kid": key.kid}, {"sub": "ada"}, private, algorithms=[algorithm])
            row(rows, "H1", f"{algorithm} of joserfc", token, "claims")


def algorithms(rows):
    edwards, koblitz = Key("rsa", ed25519.Ed25519PrivateKey.generate()), Key("rsa", ec.generate_private_key(ec.SECP256K1()))
    for name in ("none", "None", "nOnE", "NONE", ""):
        unsigned = RSA.token({"alg": name, "kid": "rsa"}).rsplit(".", 1)[0]
        row(rows, "H1", f"alg {name!r} without a signature", f"{unsigned}.", "token")
        row(rows, "H1", f"alg {name!r} with RS256's", RSA.token({"alg": name, "kid": "rsa"}), "token")
    for name in ("rs256", "RS256 ", " RS256", "RS-256", "RSA256", "HS256", "HS384", "HS512", "dir", "RS1", None, ["RS256"], 256, {}):
        row(rows, "H1", f"alg {name!r}", RSA.token({"alg": name, "kid": "rsa"}), "token")
    for algorithm in ("PS256", "PS384", "PS512"):
        row(rows, "H1", algorithm, RSA.token({"alg": algorithm, "kid": "rsa"}, algorithm=algorithm), "token")
    row(rows, "H1", "EdDSA", edwards.token({"alg": "EdDSA", "kid": "rsa"}), "token")
    row(rows, "H1", "ES256K", koblitz.token({"alg": "ES256K", "kid": "rsa"}, algorithm="ES256"), "token")
    row(rows, "H1", "no alg", RSA.token({"kid": "rsa"}), "token")
    for name, secret in (("the PEM", RSA.pem), ("the PEM without its line end", RSA.pem.strip()), ("nothing", b"")):
        row(rows, "H1", f"HMAC under {name}", mac(secret, {"alg": "HS256", "kid": "rsa"}), "token")


def bindings(sets, rows):
    sets["bound"] = json.dumps({"keys": [RSA.jwk(alg="RS256"), P256.jwk(alg="ES256")]})
    for algorithm in ("RS384", "RS512"):
        header = {"alg": algorithm, "kid": "rsa"}
        row(rows, "H2", f"{algorithm} by a key for RS256", RSA.token(header, algorithm=algorithm), "signature", keys="bound")
    row(rows, "H2", "RS256 by a key for RS256", RSA.token(HEADER), "claims", keys="bound")
    row(rows, "H2", "ES256 on P-384", P384.token({"alg": "ES256", "kid": "p384"}, algorithm="ES256"), "signature")
    row(rows, "H2", "ES384 on P-256", P256.token({"alg": "ES384", "kid": "p256"}, algorithm="ES384"), "signature")
    row(rows, "H2", "RS256 of the name of a point", RSA.token({"alg": "RS256", "kid": "p256"}), "signature")
    row(rows, "H2", "ES256 of the name of a modulus", P256.token({"alg": "ES256", "kid": "rsa"}, algorithm="ES256"), "signature")
    row(rows, "H2", "HMAC that calls itself RS256", mac(RSA.pem, HEADER), "signature")
    row(rows, "H2", "RS512's signature that calls itself RS256", RSA.token(HEADER, algorithm="RS512"), "signature")
    row(rows, "H2", "PS256's signature that calls itself RS256", RSA.token(HEADER, algorithm="PS256"), "signature")
    row(rows, "H2", "another's key of the same name", STRANGER.token(HEADER), "signature")
    good, other = RSA.token(HEADER, {"sub": "ada"}).split("."), RSA.token(HEADER, {"sub": "eve"}).split(".")
    row(rows, "H2", "another token's signature", ".".join(good[:2] + other[2:]), "signature")
    row(rows, "H2", "no signature", ".".join(good[:2]) + ".", "signature")
    row(rows, "H2", "a signature of zeros", ".".join(good[:2]) + "." + encode(bytes(256)), "signature")
    point = {"alg": "ES256", "kid": "p256"}
    signed = P256.token(point, algorithm="ES256").rsplit(".", 1)[0]
    row(rows, "H2", "r and s of zeros", f"{signed}.{encode(bytes(64))}", "signature")
    row(rows, "H2", "a signature of 63 octets", f"{signed}.{encode(bytes([1]) * 63)}", "signature")
    sequence = P256.private.sign(signed.encode(), ec.ECDSA(HASHES["256"]))
    row(rows, "H2", "a signature in DER", f"{signed}.{encode(sequence)}", "signature")


def extensions(rows):
    for value in (["exp"], [], None, "exp", {}, ["b64"]):
        row(rows, "H3", f"crit {value!r}", RSA.token({**HEADER, "crit": value, "exp": 1}), "token")
    for value in (False, True, None):
        row(rows, "H3", f"b64 {value!r}", RSA.token({**HEADER, "b64": value}), "token")
    # RFC 7797: the payload stands in the token as it is.
    header = encode(b'{"alg":"RS256","kid":"rsa","b64":false,"crit":["b64"]}')
    row(rows, "H3", "a payload that is not encoded", f"{header}.e30.{encode(RSA.sign(f'{header}.e30'.encode(), 'RS256'))}", "token")
    row(rows, "H3", "a member that nobody knows", RSA.token({**HEADER, "x": [1]}), "claims")
    row(rows, "H4", "its own key", STRANGER.token({"alg": "RS256", "jwk": STRANGER.jwk()}), "token")
    row(rows, "H4", "its own key beside a kid", STRANGER.token({**HEADER, "jwk": STRANGER.jwk()}), "token")
    row(rows, "H4", "the right key, brought along", RSA.token({**HEADER, "jwk": RSA.jwk()}), "token")
    for name in ("jku", "x5u"):
        row(rows, "H4", name, RSA.token({**HEADER, name: "https://evil.example.org/keys"}), "token")
    for value in ([], ["MIIB"], None):
        row(rows, "H4", f"x5c {value!r}", RSA.token({**HEADER, "x5c": value}), "token")


def types(rows):
    allowed = {"identity": ("JWT", "jwt", None), "logout": ("logout+jwt", "LOGOUT+JWT", "JWT", None),
               "access": ("at+jwt", "AT+JWT", "application/at+jwt", "JWT", None)}
    every = ("JWT", "at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE", "", None)
    for kind, good in allowed.items():
        for type in {*good, *every}:
            header = HEADER if type is None else {**HEADER, "typ": type}
            row(rows, "H5", f"typ {type} for {kind}", RSA.token(header), "claims" if type in good else "token", kind)
        for type in (None, 1, ["JWT"]):
            row(rows, "H5", f"typ is {type!r} for {kind}", RSA.token({**HEADER, "typ": type}), "token", kind)
        for value in ("JWT", None):
            row(rows, "H5", f"cty {value!r} for {kind}", RSA.token({**HEADER, "cty": value}), "token", kind)


def names(sets, rows):
    for kid in (1, None, ["rsa"], {}, True, "k" * 257):
        row(rows, "H6", f"kid {str(kid)[:9]}", RSA.token({"alg": "RS256", "kid": kid}), "token")
    for kid in ("k" * 256, "", "RSA", "rsa ", "../../../../dev/null", "' or 1=1 --", "https://evil.example.org/", "rsa\u200b"):
        row(rows, "H6", f"kid {kid[:9]!r}", RSA.token({"alg": "RS256", "kid": kid}), "unknownKey")
    sets["one"] = json.dumps({"keys": [RSA.jwk(kid=None)]})
    sets["twins"] = json.dumps({"keys": [RSA.jwk(), STRANGER.jwk(kid="twin"), P256.jwk()]})
    sets["namesakes"] = json.dumps({"keys": [RSA.jwk(kid=None), STRANGER.jwk(kid="a"), STRANGER.jwk(kid="a")]})
    row(rows, "H6", "no kid and one key that fits", RSA.token({"alg": "RS256"}), "claims")
    row(rows, "H6", "no kid on either side", RSA.token({"alg": "RS256"}), "claims", keys="one")
    row(rows, "H6", "a kid that the only key does not have", RSA.token(HEADER), "unknownKey", keys="one")
    row(rows, "H6", "no kid and two keys that fit", RSA.token({"alg": "RS256"}), "key", keys="twins")
    row(rows, "H6", "no kid and namesakes that fit", RSA.token({"alg": "RS256"}), "key", keys="namesakes")
    row(rows, "H6", "no kid and no key that fits", P384.token({"alg": "ES384"}, algorithm="ES384"), "unknownKey", keys="twins")
    row(rows, "H6", "an access token without kid", RSA.token({"alg": "RS256"}), "token", "access")
    row(rows, "H6", "a logout token without kid", RSA.token({"alg": "RS256"}), "claims", "logout")
