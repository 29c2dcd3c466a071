"""People's programs: oidc-agent with a token of the issuer, `orrery login`, tokens made over REST and on the page."""
import contextlib
import json
import os
import pathlib
import re
import signal
import stat
import subprocess

import axe_core_python
import pytest
import requests
from jupyterhub.services.auth import HubAuth
from selenium.webdriver.common.keys import Keys

from browser import Browser
from demo import eventually
from proxying import environment
from test_issuer_keys import PROGRAM, Site

# Without a resource indicator glewlwyd names the scopes as audience.
AUDIENCE = "openid groups"
AXE = pathlib.Path(axe_core_python.__file__).parent / "axe.min.js"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("programs"))
    path = site.state / "orrery.yaml"
    text = path.read_text()
    path.write_text(text.replace("      login:", f'      api: {{audience: "{AUDIENCE}"}}\n      login:', 1))
    with site.provider(), site.hub():
        yield site


@pytest.fixture
def grace(site):
    """Her browser, logged in."""
    with site.browser() as browser:
        browser.post(f"{site.issuer}/api/auth/", json={"username": "grace", "password": password(site)}, timeout=10)
        departure = browser.get(f"{site.url}/hub/login/demo", allow_redirects=False, timeout=10)
        answer = browser.get(departure.headers["Location"] + "&g_continue", allow_redirects=False, timeout=10)
        assert browser.get(answer.headers["Location"], timeout=10).status_code == 200
        yield browser


def password(site):
    return json.loads((site.state / "provider/people.json").read_text())["grace"]


def call(site, token, path="/user", method="GET", **named):
    return requests.request(method, f"{site.url}/hub/api{path}", headers={"Authorization": f"Bearer {token}"},
                            timeout=10, proxies={"http": None}, **named)


def proof(page):
    return re.search(r'name="_xsrf" value="([^"]+)"', page.text)[1]


# oidc-agent


@pytest.fixture
def agent(tmp_path):
    """oidc-agent (Debian), and how to run its commands."""
    variables = environment(HOME=str(tmp_path), OIDC_CONFIG_DIR=None, XDG_CONFIG_HOME=None)
    (tmp_path / ".config").mkdir()
    # It goes into the background by itself, and its words into a file: a pipe it would keep open.
    with open(tmp_path / "agent.out", "w+") as said:
        subprocess.run(["oidc-agent"], env=variables, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=30,
                       check=True)
        said.seek(0)
        words = said.read()
    variables["OIDC_SOCK"] = re.search(r"OIDC_SOCK=([^;]+)", words)[1]
    yield variables
    os.kill(int(re.search(r"OIDCD_PID=(\d+)", words)[1]), signal.SIGTERM)


def approve(site, user_code):
    """What a person does at glewlwyd."""
    with site.browser() as browser:
        browser.post(f"{site.issuer}/api/auth/", json={"username": "grace", "password": password(site)}, timeout=10)
        answer = browser.get(f"{site.issuer}/api/oidc/device", params={"code": user_code, "g_continue": ""},
                             allow_redirects=False, timeout=10)
        assert "deviceComplete" in answer.headers["Location"]


def test_oidc_agent_calls_our_api_with_a_token_of_the_issuer(site, grace, agent):
    secret = (site.state / "provider/client.secret").read_text().strip()
    # Unbuffered, so that its code is seen before it has ended.
    command = ["stdbuf", "-o0", "oidc-gen", "-m", "--flow=device", f"--issuer={site.issuer}/api/oidc",
               "--client-id=orrery", f"--client-secret={secret}", f"--scope={AUDIENCE}",
               "--pw-cmd=echo pw", "--prompt=none",
               f"--dae={site.issuer}/api/oidc/device_authorization", "--redirect-uri=http://localhost:4242", "demo"]
    process = subprocess.Popen(command, env=agent, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    said = ""
    for line in process.stdout:
        said += line
        if code := re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", line):
            approve(site, code[0])
            break
    said += process.stdout.read()
    assert process.wait(60) == 0, said
    token = subprocess.run(["oidc-token", "demo"], env=agent, capture_output=True, text=True, timeout=30, check=True)
    user = call(site, token.stdout.strip())
    assert user.status_code == 200 and user.json()["name"] == "grace", user.text
    assert user.json()["groups"] == ["science"] and "servers!user=grace" in user.json()["scopes"]
    assert call(site, token.stdout.strip(), "/users/grace").status_code == 200


def test_a_token_for_somebody_else_opens_nothing(site, grace):
    secret = (site.state / "provider/client.secret").read_text().strip()
    form = {"client_id": "orrery", "scope": AUDIENCE, "resource": "https://hub.orrery.test"}
    with site.browser() as program:
        begun = program.post(f"{site.issuer}/api/oidc/device_authorization", form, auth=("orrery", secret), timeout=10)
        approve(site, begun.json()["user_code"])
        form |= {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}
        form |= {"device_code": begun.json()["device_code"]}
        tokens = eventually(lambda: token_of(program, site, form, secret), "the issuer gives a token")
    answer = call(site, tokens["access_token"], "/users/grace")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert call(site, tokens["access_token"]).status_code == 403
    words = site.said("hub")
    assert "aud is not us" in words and f"iss {site.issuer}/api/oidc" in words
    assert not any(part in words for part in tokens["access_token"].split(".")[1:])


def token_of(program, site, form, secret):
    answer = program.post(f"{site.issuer}/api/oidc/token", form, auth=("orrery", secret), timeout=10)
    return answer.json() if answer.status_code == 200 else None


# orrery login


def orrery(site, home, *arguments):
    return subprocess.run([PROGRAM, *arguments], env=environment(XDG_CONFIG_HOME=str(home)), capture_output=True,
                          text=True, timeout=60, stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def logging_in(site, home):
    """`orrery login`, and the link that it shows."""
    process = subprocess.Popen([PROGRAM, "login", site.url], env=environment(XDG_CONFIG_HOME=str(home)), text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        link = None
        while link is None:
            line = process.stderr.readline()
            assert line, "it ended without a link"
            link = re.search(r"http://\S+user_code=[A-Z-]+", line)
        yield process, link[0]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def test_somebody_logs_in_on_a_machine_without_a_browser(site, grace, tmp_path):
    with logging_in(site, tmp_path) as (process, link):
        page = grace.get(link, timeout=10)
        assert "start, stop and see servers" in page.text and link[-9:] in page.text
        answer = grace.post(f"{site.url}/hub/device", {"_xsrf": proof(page), "code": link[-9:], "answer": "allow"},
                            timeout=10)
        assert answer.status_code == 200, answer.text
        said, complaints = process.communicate(timeout=60)
        assert process.returncode == 0 and "as grace" in said, complaints
    book = tmp_path / "orrery/logins.json"
    assert stat.S_IMODE(os.stat(book).st_mode) == 0o600 and stat.S_IMODE(os.stat(book.parent).st_mode) == 0o700
    who = orrery(site, tmp_path, "whoami")
    assert who.returncode == 0 and "grace at" in who.stdout and "science" in who.stdout, who.stderr
    token = orrery(site, tmp_path, "token").stdout.strip()
    assert token.startswith("orrery_") and token not in said + complaints + who.stdout
    assert call(site, token).json()["name"] == "grace"
    assert "orrery login on" in grace.get(f"{site.url}/hub/token", timeout=10).text
    gone = orrery(site, tmp_path, "logout")
    assert gone.returncode == 0, gone.stderr
    assert call(site, token).status_code == 403 and token not in book.read_text()
    assert orrery(site, tmp_path, "whoami").returncode == 1
    assert token not in site.said("hub")


def test_who_refuses_is_obeyed(site, grace, tmp_path):
    with logging_in(site, tmp_path) as (process, link):
        page = grace.get(link, timeout=10)
        grace.post(f"{site.url}/hub/device", {"_xsrf": proof(page), "code": link[-9:], "answer": "deny"}, timeout=10)
        _, complaints = process.communicate(timeout=60)
        assert process.returncode == 1 and "refused" in complaints
    assert not (tmp_path / "orrery/logins.json").exists()


def test_a_token_never_travels_in_the_clear(site, tmp_path):
    answer = orrery(site, tmp_path, "login", "http://hub.example.org")
    assert answer.returncode == 1 and "not https" in answer.stderr


# JupyterHub's own client


def test_jupyterhubs_own_library_knows_a_token_of_ours(site, grace):
    home = grace.get(f"{site.url}/hub/home", timeout=10)
    made = grace.post(f"{site.url}/hub/api/users/grace/tokens", json={"note": "a script", "expires_in": 600},
                      headers={"X-XSRFToken": proof(home)}, timeout=10)
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    client = HubAuth(api_url=f"{site.url}/hub/api", api_token=token, hub_prefix="/hub/")
    user = client.user_for_token(token, use_cache=False, sync=True)
    assert user["name"] == "grace" and user["token_id"] == made.json()["id"]
    assert client.user_for_token("orrery_" + "x" * 43, use_cache=False, sync=True) is None
    assert call(site, token, f"/users/grace/tokens/{made.json()['id']}", "DELETE").status_code == 204
    assert client.user_for_token(token, use_cache=False, sync=True) is None


# Pages


@pytest.fixture
def chromium(site, grace, results):
    browser = Browser(site.url, results / "screenshots", "tokens")
    browser.go("/hub/login")
    for cookie in grace.cookies:
        if cookie.path.startswith("/hub"):
            browser.driver.add_cookie({"name": cookie.name, "value": cookie.value, "path": cookie.path})
    yield browser
    browser.close()


def check_page(browser, name):
    """Nothing for axe to complain about, in light and dark, and on a phone."""
    for scheme in "light", "dark":
        # Without motion: in the middle of a transition the colours are neither the old nor the new ones.
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": name, "value": value} for name, value in features.items()]})
        browser.driver.execute_script(AXE.read_text())
        found = browser.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
        complaints = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
        assert found["passes"] and not complaints, complaints
        browser.shot(f"{name}-{scheme}")
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= 390, name
    browser.shot(f"{name}-phone")
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_token_page_makes_and_revokes_and_everybody_can_use_it(site, chromium):
    chromium.go("/hub/home")
    chromium.press(".bar a[href='/hub/token']")
    check_page(chromium, "tokens")
    chromium.see("#note").send_keys("nightly")
    chromium.press("form.card .actions button")
    token = chromium.see("#new-token").text
    assert call(site, token).json()["name"] == "grace"
    check_page(chromium, "token-made")
    chromium.go("/hub/token")
    assert token not in chromium.driver.page_source
    chromium.press("article .button.danger")
    eventually(lambda: not chromium.all("article"), "the token is gone from the page")
    assert call(site, token).status_code == 403


def test_it_works_by_keyboard_alone(site, chromium):
    chromium.go("/hub/token")
    chromium.see("#note").send_keys("keys", Keys.TAB, Keys.TAB)
    box = chromium.driver.switch_to.active_element
    assert box.get_attribute("name") == "own-access:servers" and not box.is_selected()
    box.send_keys(Keys.SPACE)
    box.send_keys(Keys.ENTER)
    token = chromium.see("#new-token").text
    assert "access:servers!user=grace" in call(site, token).json()["scopes"]


def test_it_works_without_javascript(site, chromium):
    chromium.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    chromium.go("/hub/token")
    chromium.see("#note").send_keys("plain")
    chromium.press("form.card .actions button")
    assert call(site, chromium.see("#new-token").text).status_code == 200


def test_the_account_page(chromium):
    chromium.go("/hub/account")
    check_page(chromium, "account")


def test_the_page_for_a_program(site, chromium, tmp_path):
    chromium.go("/hub/device")
    check_page(chromium, "device-code")
    with logging_in(site, tmp_path) as (process, link):
        chromium.see("#code").send_keys(link[-9:].lower())
        chromium.press("form.card button")
        chromium.see("h2", text="Does your program show this code?")
        check_page(chromium, "device")
        chromium.press("button[value=allow]")
        chromium.see(".notice.success")
        check_page(chromium, "device-done")
        assert process.wait(60) == 0
