#!/usr/bin/env python3
"""Run canaille (PyPI) as an OpenID Connect provider on loopback.

    second_provider.py STATE PORT CALLBACK ALGORITHM

It signs ID tokens with ALGORITHM, publishes keys without `alg`, and names itself in its answers (RFC 9207). People are
grace and emmy, whose passwords are in STATE/people.json; the hub's secret is in STATE/client.secret.
"""
import json
import os
import pathlib
import secrets
import sys

from joserfc import jwk

CONFIGURATION = """
SECRET_KEY = "{key}"
SERVER_NAME = "127.0.0.1:{port}"
PREFERRED_URL_SCHEME = "http"

[CANAILLE]
DATABASE = "sql"
ENABLE_REGISTRATION = false

[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{state}/canaille.db"

[CANAILLE_OIDC]
ACTIVE_JWKS = [{keys}]
"""


def keys():
    """Without `alg`, as canaille makes its own."""
    made = [jwk.RSAKey.generate_key(2048, {"kid": "rsa"}), jwk.ECKey.generate_key("P-256", {"kid": "ec"})]
    documents = [key.as_dict(private=True) for key in made]
    return ", ".join("{" + ", ".join(f'{name} = "{value}"' for name, value in each.items()) + "}" for each in documents)


def set_up(state, port, callback, algorithm):
    os.environ.update(CANAILLE_CONFIG=f"{state}/canaille.toml", AUTHLIB_INSECURE_TRANSPORT="1")
    (state / "canaille.toml").write_text(
        CONFIGURATION.format(key=secrets.token_hex(16), port=port, state=state, keys=keys()))
    from canaille import create_app
    from canaille.commands import cli
    from click.testing import CliRunner
    people, secret = {name: secrets.token_urlsafe(12) for name in ("grace", "emmy")}, secrets.token_urlsafe(24)
    site = callback.split("/hub/")[0]
    commands = [["install"]]
    commands += [["create", "user", "--user-name", name, "--password", password, "--emails", f"{name}@example.org",
                  "--family-name", name.title(), "--display-name", name] for name, password in people.items()]
    commands += [["create", "group", "--display-name", "science", "--members", "grace"],
                 ["create", "client", "--client-id", "hub", "--client-secret", secret, "--client-name", "Orrery",
                  "--client-uri", site, "--redirect-uris", callback, "--grant-types", "authorization_code",
                  "--grant-types", "refresh_token", "--response-types", "code", "--scope", "openid", "--scope",
                  "profile", "--scope", "groups", "--token-endpoint-auth-method", "client_secret_basic"],
                 ["set", "client", "hub", "--audience", "hub", "--id-token-signed-response-alg", algorithm]]
    runner = CliRunner()
    for command in commands:
        result = runner.invoke(cli, command)
        if result.exit_code:
            sys.exit(f"canaille {command[:2]}: {result.output[-800:]} {result.exception!r}")
    (state / "people.json").write_text(json.dumps(people))
    (state / "client.secret").write_text(secret)


def main():
    state, port, callback, algorithm = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3], sys.argv[4]
    state.mkdir(parents=True, exist_ok=True)
    set_up(state, port, callback, algorithm)
    program = pathlib.Path(sys.executable).with_name("canaille")
    os.execv(program, [str(program), "run", "--bind", f"127.0.0.1:{port}"])


if __name__ == "__main__":
    main()
