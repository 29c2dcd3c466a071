"""B: what a token looks like before anything in it is believed."""
import json

from joserfc import jwe
from joserfc.jwk import RSAKey

from signer import MAIN, RSA, row

HEADER = {"alg": "RS256", "kid": "rsa"}


def make(sets, rows):
    sets["main"] = json.dumps(MAIN)
    good = RSA.token(HEADER, {"sub": "ada"})
    sizes(rows)
    alphabet(rows, good)
    parts(rows, good)
    documents(rows)


def sizes(rows):
    def padded(count):
        return RSA.token(HEADER, b'{"a":"' + b"a" * (count - 8) + b'"}')

    row(rows, "B1", "a part of exactly 12 KiB", padded(9216), "claims")
    row(rows, "B1", "a part of 12 KiB and a byte", padded(9217), "token")
    row(rows, "B1", "a header beyond 12 KiB", RSA.token({**HEADER, "a": "a" * 9300}), "token")
    row(rows, "B1", "two parts that are too much together", RSA.token({**HEADER, "a": "a" * 6000}, b" " * 6500 + b"{}"), "token")
    row(rows, "B1", "600 kB", padded(600_000), "token")


def alphabet(rows, good):
    header, payload, signature = good.split(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 256 octets leave four unused bits in the last letter.
    loose = letters[letters.index(signature[-1]) + 1]
    changes = {
        "padding": good + "==", "one =": good + "=", "a line end": good + "\n", "a space before": " " + good,
        "a space inside": f"{header}. {payload}.{signature}", "unused bits": good[:-1] + loose,
        "a length that no octets have": good + "AAA", "junk after the signature": good + "!*\n =",
        "the other alphabet": f"{header}.{payload}.{'+' + signature[1:]}", "a slash": f"{header}.{payload}.{'/' + signature[1:]}",
        "dots after it": good + "....", "no header": f".{payload}.{signature}", "letters that are not ASCII": good + "äA",
        "a NUL": good + "\0", "a percent escape": good.replace(".", "%2E"), "nothing": "", "dots alone": "..",
    }
    row(rows, "B2", "as it should be", good, "claims")
    for name, text in changes.items():
        row(rows, "B2", name, text, "json" if name in ("no header", "dots alone") else "token")


def parts(rows, good):
    key = RSAKey.import_key(RSA.pem)
    encrypted = jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A128GCM"}, b"{}", key)
    row(rows, "B3", "encrypted to us", encrypted, "token")
    row(rows, "B3", "five parts, the first three signed", good + ".AAAA.AAAA", "token")
    row(rows, "B3", "four parts", good + ".AAAA", "token")
    row(rows, "B3", "two parts", good.rsplit(".", 1)[0], "token")
    row(rows, "B3", "JSON serialisation", '{"payload":"e30","signatures":[]}', "token")


def documents(rows):
    """The same offences in the header and in the claims."""
    deep = b"[" * 8 + b"]" * 8
    bad = {
        "a name twice": b'%s"a":1,"a":1}', "a name twice, once escaped": b'%s"a":1,"\\u0061":2}',
        "a name twice further down": b'%s"a":[{"b":{"c":1,"c":1}}]}', "a byte order mark": b"\xef\xbb\xbf%s\"a\":1}",
        "a NUL after it": b'%s"a":1}\0', "an escaped NUL": b'%s"a":"\\u0000"}', "more after it": b'%s"a":1}{}',
        "too deep": b'%s"a":' + deep + b"}", "half a surrogate": b'%s"a":"\\ud800"}', "not UTF-8": b'%s"a":"\xff"}',
        "an overlong character": b'%s"a":"\xc0\xaf"}', "NaN": b'%s"a":NaN}', "an infinite number": b'%s"a":1e999}',
        "a comma too many": b'%s"a":1,}', "a comment": b'%s"a":1/**/}', "single quotes": b"%s'a':1}",
    }
    for name, form in bad.items():
        header = form.replace(b"%s", b'{"alg":"RS256","kid":"rsa",')
        row(rows, "B4", f"header with {name}", RSA.token(header), "json")
        row(rows, "B4", f"claims with {name}", RSA.token(HEADER, form.replace(b"%s", b'{"sub":"ada",')), "json")
    for name, other in (("alg", b"HS256"), ("\\u0061lg", b"HS256"), ("alg", b"RS256")):
        header = b'{"alg":"RS256","%s":"%s","kid":"rsa"}' % (name.encode(), other)
        row(rows, "B4", f"alg twice, then as {name} {other.decode()}", RSA.token(header), "json")
    for name, text in (("a list", b"[]"), ("a text", b'"a"'), ("null", b"null")):
        row(rows, "B4", f"header that is {name}", RSA.token(text), "token")
        row(rows, "B4", f"claims that are {name}", RSA.token(HEADER, text), "token")
    row(rows, "B4", "claims that are nothing", RSA.token(HEADER, b""), "json")
    row(rows, "B4", "as deep as allowed, with white space", RSA.token(HEADER, b' { "a" : ' + deep[1:-1] + b" }\r\n"), "claims")
