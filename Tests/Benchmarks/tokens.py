#!/usr/bin/env python3
"""How many tokens are verified in a second of CPU: by the hub, libjwt, PyJWT and joserfc, in turns within one run.

    .build/test-tools/bin/python Tests/Benchmarks/tokens.py [--rounds N]      (default: 5; each takes about 6 s)

From the text of an ID token to its claims, with the key at hand as each library keeps it: ours as it is in a key set, libjwt's as
PEM, for it keeps none. `signature` is the part of ours that is OpenSSL's. Prints a table and ends with status 1 when a
bar is missed. Needs libjwt-dev (Debian), joserfc and pyjwt (PyPI).
"""
import argparse, json, pathlib, statistics, subprocess, sys, tempfile, time

import jwt as pyjwt
from cryptography.hazmat.primitives import serialization
from joserfc import jwt as joserfc
from joserfc.jwk import ECKey, RSAKey

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 0.5
CLAIMS = {"iss": "https://wlcg.cloud.cnaf.infn.it/", "sub": "7f3c0d8e-6f0b-4b51-9b7e-0a3c5d1f2e44", "aud": "orrery",
          "exp": 1780000600, "iat": 1780000000, "nbf": 1780000000, "jti": "0d2f4a0e-19c0-4b38-8a3e-5d2e1f6f7a01",
          "nonce": "Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycGx5", "auth_time": 1779999990, "preferred_username": "ada",
          "name": "Ada Lovelace", "email": "ada@example.org", "wlcg.ver": "1.0",
          "wlcg.groups": ["/wlcg", "/wlcg/analysis", "/wlcg/xfers", "/wlcg/pilots"]}
# How many times as many as each of them.
BARS = {"libjwt": {"RS256": 5, "ES256": 3}, "PyJWT": {"RS256": 2, "ES256": 1.3}, "joserfc": {"RS256": 1.3, "ES256": 1.1}}
CONTESTANTS = ("Orrery", "signature", "libjwt", "libjwt pinned", "PyJWT", "joserfc")


def build():
    """A package of its own, of the sources of this one."""
    folder = ROOT / ".build" / "benchmark-tokens"
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in (("Sources", ROOT / "Sources"), ("Tests", ROOT / "Tests"), ("Costs", ROOT / "Tests/Benchmarks/tokens/Costs")):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    package = (ROOT / "Package.swift").read_text() + (ROOT / "Tests/Benchmarks/tokens/Package-tokens.swift").read_text()
    (folder / "Package.swift").write_text(package)
    command = ["swift", "build", "-c", "release", "--package-path", str(folder), "--product", "token-costs"]
    subprocess.run([*command, "--quiet"], check=True)
    shown = subprocess.run([*command, "--show-bin-path"], check=True, capture_output=True, text=True)
    return pathlib.Path(shown.stdout.strip()) / "token-costs"


class Subject:
    """One algorithm: a key, a token, and who verifies it how."""

    def __init__(self, algorithm, key, folder, program):
        self.algorithm, self.key, self.program = algorithm, key, program
        self.token = joserfc.encode({"alg": algorithm, "kid": "key-1"}, CLAIMS, key, algorithms=[algorithm])
        public = key.as_pem(private=False)
        self.loaded = serialization.load_pem_public_key(public)
        self.file = folder / f"{algorithm}.json"
        keys = json.dumps({"keys": [{**key.as_dict(private=False), "kid": "key-1"}]})
        self.file.write_text(json.dumps(
            {"algorithm": algorithm, "token": self.token, "pem": public.decode(), "keys": keys}))

    def rate(self, contestant):
        names = {"Orrery": "orrery", "signature": "signature", "libjwt": "libjwt", "libjwt pinned": "pinned"}
        if contestant in names:
            return float(subprocess.check_output([self.program, names[contestant], self.file, str(SECONDS)]))
        verify = self.by_pyjwt if contestant == "PyJWT" else self.by_joserfc
        start, count = time.process_time(), 0
        while time.process_time() - start < SECONDS:
            for _ in range(50):
                assert verify()["sub"] == CLAIMS["sub"]
            count += 50
        return count / (time.process_time() - start)

    def by_pyjwt(self):
        checks = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False}
        return pyjwt.decode(self.token, self.loaded, algorithms=[self.algorithm], options=checks)

    def by_joserfc(self):
        return joserfc.decode(self.token, self.key, algorithms=[self.algorithm]).claims


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds, program, missed = parser.parse_args().rounds, build(), []
    with tempfile.TemporaryDirectory() as folder:
        subjects = [Subject("RS256", RSAKey.generate_key(2048), pathlib.Path(folder), program),
                    Subject("ES256", ECKey.generate_key("P-256"), pathlib.Path(folder), program)]
        rates = {(subject.algorithm, name): [] for subject in subjects for name in CONTESTANTS}
        for _ in range(rounds):
            for subject in subjects:
                for name in CONTESTANTS:
                    rates[subject.algorithm, name].append(subject.rate(name))
    print(f"| verifications in a second of CPU | {' | '.join(CONTESTANTS)} |\n|---|{'---|' * len(CONTESTANTS)}")
    for algorithm in ("RS256", "ES256"):
        median = {name: statistics.median(rates[algorithm, name]) for name in CONTESTANTS}
        ratios = {name: median["Orrery"] / median[name] for name in CONTESTANTS}
        cells = [f"{median[name]:,.0f}" + ("" if name == "Orrery" else f" ({ratios[name]:.2f})") for name in CONTESTANTS]
        print(f"| {algorithm} | {' | '.join(cells)} |")
        missed += [f"{algorithm}: {ratios[name]:.2f} x {name}, the bar is {bar[algorithm]}"
                   for name, bar in BARS.items() if ratios[name] < bar[algorithm]]
    print("\n".join(missed) or "every bar is met; in brackets: Orrery's figure divided by this one")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
