#!/usr/bin/env python3
"""Run glewlwyd (Debian) as the demo's OpenID Connect provider on loopback.

    provider.py --state DIR --port PORT --callback URL [--logout URL] [--back-channel URL]

Writes DIR/glewlwyd.{conf,db,log} and the key set once; a later start uses them again. People and the hub's client are
set up through glewlwyd's own API while it answers on 127.0.0.1 only. Secrets are made here and stay in DIR with mode
600: DIR/client.secret (the hub reads it) and DIR/people.json (name -> password, printed by the demo).
Then it stays in the foreground in glewlwyd's place, and ends with it.
"""
import argparse
import gzip
import http.cookiejar
import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

DOC = "/usr/share/doc/glewlwyd"
WEBAPP = "/usr/share/glewlwyd/webapp"
MODULES = ("user_module_path", "user_middleware_module_path", "client_module_path", "user_auth_scheme_module_path",
           "plugin_module_path")
PEOPLE = {
    "ada": {"name": "Ada Lovelace", "uid": 20001, "groups": ["/orrery/developers", "/orrery/project/photoz"]},
    "grace": {"name": "Grace Hopper", "uid": 20002, "groups": ["/orrery/science"]},
}
CLAIMS = {"wlcg.groups": ("groups", "string"), "preferred_username": ("preferred_username", "string"),
          "uidNumber": ("uidNumber", "number"), "gidNumber": ("gidNumber", "number")}
SCOPES = ["openid", "profile", "groups"]


class API:
    """glewlwyd's REST API with one administrator's or person's session."""

    def __init__(self, base):
        self.base = base
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + "/api" + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with self.opener.open(request, timeout=10) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"glewlwyd refused {method} {path}: {error.code} {error.read().decode(errors='replace')[:300]}")
        return json.loads(text) if text.strip() else None


def private_file(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def configuration(state, port):
    with gzip.open(f"{DOC}/glewlwyd.conf.sample.gz", "rt") as file:
        text = file.read()
    values = {"port": port, "external_url": f'"http://127.0.0.1:{port}"', "cookie_domain": '"127.0.0.1"',
              "cookie_secure": 0, "log_mode": '"file"', "log_file": f'"{state}/glewlwyd.log"'}
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^#?\s*{key}\s*=.*$", lambda _: f"{key}={value}", text, count=1)
        if not count:
            sys.exit(f"glewlwyd's sample configuration has no key {key}; this script knows version 2.7")
    text = text.replace(f'"{WEBAPP}/"', f'"{state}/webapp/"')
    text = text.replace('"/var/cache/glewlwyd/glewlwyd.db"', f'"{state}/glewlwyd.db"')
    return 'bind_address="127.0.0.1"\n' + text


def webapp(folder):
    """Glewlwyd's login pages in one real folder: Debian's has config.json as a folder with the file inside."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(WEBAPP, folder, ignore=shutil.ignore_patterns("config.json", "*.map"))
    source = f"{WEBAPP}/config.json"
    shutil.copy(f"{source}/config.json" if os.path.isdir(source) else source, f"{folder}/config.json")


def database(path):
    with gzip.open(f"{DOC}/database/init.sqlite3.sql.gz", "rt") as file, sqlite3.connect(path) as connection:
        connection.executescript(file.read())
    os.chmod(path, 0o600)


def answers(base, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        try:
            API(base).opener.open(base + "/config", timeout=1).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.05)
    return False


def oidc_plugin(base):
    from joserfc import jwk
    key = jwk.RSAKey.generate_key(2048).as_dict(private=True)
    key.update(kid="orrery-demo", alg="RS256", use="sig")
    claims = [{"name": name, "type": kind, "user-property": source, "mandatory": True, "on-demand": False,
               "scope": ["openid"]} for name, (source, kind) in CLAIMS.items()]
    return {"module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "enabled": True, "parameters": {
        "iss": base + "/api/oidc", "jwks-private": json.dumps({"keys": [key]}), "default-kid": "orrery-demo",
        "jwks-show": True, "jwt-type": "", "jwt-key-size": "", "code-duration": 60, "access-token-duration": 3600,
        "refresh-token-duration": 86400, "refresh-token-rolling": False, "refresh-token-one-use": "always",
        "allow-non-oidc": True, "auth-type-code-enabled": True, "auth-type-refresh-enabled": True,
        "resource-allowed": True, "resource-scope": {"openid": ["https://hub.orrery.test"]},
        "auth-type-device-enabled": True, "device-authorization-expiration": 600, "device-authorization-interval": 5,
        "auth-type-client-enabled": False, "auth-type-token-enabled": False,
        "auth-type-implicit-enabled": False, "auth-type-password-enabled": False,
        "auth-type-code-revoke-replayed": True, "pkce-allowed": True, "pkce-method-plain-allowed": False,
        "pkce-required": True, "session-management-allowed": True,
        "session-cookie-name": "orrery-demo-session", "session-cookie-expiration": 86400,
        "back-channel-logout-allowed": True, "introspection-revocation-allowed": True,
        "introspection-revocation-allow-target-client": True, "name-claim": "mandatory",
        "email-claim": "mandatory", "scope-claim": "no", "claims": claims}}


def set_up(base, state, callback, logout, back_channel):
    """Everything the demo needs in a fresh glewlwyd: the form of a person, the people, the plugin, the client."""
    admin = API(base)
    admin.call("POST", "/auth/", {"username": "admin", "password": "password"})
    users = admin.call("GET", "/mod/user/database")
    for source, _ in CLAIMS.values():
        users["parameters"]["data-format"][source] = {
            "multiple": source == "groups", "read": True, "write": True, "profile-read": True, "profile-write": False}
    admin.call("PUT", "/mod/user/database", users)
    admin.call("PUT", "/mod/user/database/reset/")
    clients = admin.call("GET", "/mod/client/database")
    clients["parameters"]["data-format"]["post_logout_redirect_uris"] = {"multiple": True, "read": True, "write": True}
    admin.call("PUT", "/mod/client/database", clients)
    admin.call("PUT", "/mod/client/database/reset/")
    for scope in ("profile", "groups"):
        admin.call("POST", "/scope/", {"name": scope, "display_name": scope, "description": scope,
                                       "password_required": False, "scheme": {}})
    people = {name: secrets.token_urlsafe(9) for name in PEOPLE}
    for name, person in PEOPLE.items():
        admin.call("POST", "/user/", {
            "username": name, "name": person["name"], "email": f"{name}@example.org", "password": people[name],
            "enabled": True, "scope": [*SCOPES, "g_profile"], "groups": person["groups"], "preferred_username": name,
            "uidNumber": str(person["uid"]), "gidNumber": str(person["uid"])})
    admin.call("POST", "/mod/plugin/", oidc_plugin(base))
    secret = secrets.token_urlsafe(24)
    admin.call("POST", "/client/", {
        "client_id": "orrery", "name": "Orrery", "client_secret": secret, "confidential": True, "enabled": True,
        "redirect_uri": [callback], "scope": SCOPES,
        "authorization_type": ["code", "refresh_token", "device_authorization"],
        "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
        "post_logout_redirect_uris": [logout], "backchannel_logout_uri": back_channel,
        "backchannel_logout_session_required": "true"})
    for name, password in people.items():
        person = API(base)
        person.call("POST", "/auth/", {"username": name, "password": password})
        person.call("PUT", "/auth/grant/orrery", {"scope": " ".join(SCOPES)})
    # The well-known password of a fresh database is replaced last, by one that nobody needs to know.
    admin.call("PUT", "/profile/password", {"old_password": "password", "password": secrets.token_urlsafe(24)})
    private_file(f"{state}/client.secret", secret + "\n")
    private_file(f"{state}/people.json", json.dumps(people, indent=2) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--state", required=True)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--callback", required=True)
    arguments.add_argument("--logout", default="")
    arguments.add_argument("--back-channel", default="")
    chosen = arguments.parse_args()
    state, base = os.path.abspath(chosen.state), f"http://127.0.0.1:{chosen.port}"
    os.makedirs(state, mode=0o700, exist_ok=True)
    # Made anew when a port or an address has changed: both are part of what was set up.
    made_for = json.dumps([chosen.port, chosen.callback, chosen.logout, chosen.back_channel, sorted(PEOPLE)])
    marker = f"{state}/made-for.json"
    is_set_up = os.path.exists(marker) and open(marker).read() == made_for
    if not is_set_up:
        for name in ("glewlwyd.db", "made-for.json"):
            if os.path.exists(f"{state}/{name}"):
                os.remove(f"{state}/{name}")
        database(f"{state}/glewlwyd.db")
        webapp(f"{state}/webapp")
    private_file(f"{state}/glewlwyd.conf", configuration(state, chosen.port))
    process = subprocess.Popen(["glewlwyd", "--config-file", f"{state}/glewlwyd.conf"],
                               stdout=open(f"{state}/glewlwyd.out", "w"), stderr=subprocess.STDOUT)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.terminate())
    try:
        if not answers(base, process):
            sys.exit(f"glewlwyd does not answer on port {chosen.port}; its words are in {state}/glewlwyd.out and .log")
        if not is_set_up:
            set_up(base, state, chosen.callback, chosen.logout, chosen.back_channel)
            private_file(marker, made_for)
        print("ready", flush=True)
        sys.exit(process.wait())
    finally:
        process.terminate()


if __name__ == "__main__":
    main()
