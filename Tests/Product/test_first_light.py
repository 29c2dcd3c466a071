"""First light: two people, two clusters, JupyterLab through the proxy. The tests of this file are one story, in order."""
import json
import signal
import socket
import urllib.error
import urllib.request

import pytest

from browser import PHASE, STOP, Browser
from demo import eventually

LOOK = """
import json, os, pathlib, subprocess
def write(path):
    try:
        (pathlib.Path(path) / "written.txt").write_text("mine")
        return "written"
    except OSError as error:
        return error.strerror
def names(path, people=("ada", "grace")):
    # Of homes only people's: the way to the lab's own directory may lead through /home too.
    try:
        return sorted(name for name in os.listdir(path) if path != "/home" or name in people)
    except OSError as error:
        return error.strerror
""".strip()


def look(browser, expression):
    """Evaluates `expression` in the person's own kernel; what it prints comes back over the WebSocket."""
    return browser.run(f"{LOOK}\nprint(json.dumps({expression}))")


def test_ada_logs_in_and_reads_what_she_will_get(browsers, demo):
    ada = browsers("ada")
    text = ada.text()
    assert "/home/ada" in text and "/project/photoz" in text and "/scratch/ada" in text
    assert "calib" not in text
    ours = [entry["message"] for entry in ada.driver.get_log("browser") if entry["message"].startswith(demo.url)]
    assert not ours, f"the browser complains about our pages: {ours}"


def test_ada_starts_a_notebook_on_north_and_sees_the_phases(browsers, demo):
    ada = browsers("ada")
    ada.start("standard", "north")
    ada.see(PHASE)
    ada.shot("progress")
    ada.in_lab()
    ada.shot("lab")
    pods = demo.pods("north")
    assert [pod["status"]["phase"] for pod in pods] == ["Running"]
    assert not demo.pods("south")


def test_a_cell_runs_and_its_output_comes_back(browsers):
    ada = browsers("ada")
    ada.new_notebook()
    assert ada.run("print(6 * 7)") == 42
    ada.shot("notebook")


def test_the_mounts_are_what_the_policy_says(browsers):
    ada = browsers("ada")
    assert look(ada, "[os.environ['HOME'], os.getuid(), write('/home/ada'), names('/home')]") == \
        ["/home/ada", 20001, "written", ["ada"]]
    assert look(ada, "[write('/project/photoz'), names('/project')]") == ["written", ["photoz", "shared"]]
    assert look(ada, "[names('/project/shared'), write('/project/shared')]") == [["README"], "Read-only file system"]
    assert look(ada, "[names('/datasets/public'), write('/datasets/public'), names('/datasets')]") == \
        [["redshifts.csv"], "Read-only file system", ["public"]]
    assert look(ada, "write('/scratch/ada')") == "written"
    ada.shot("mounts")


def test_a_terminal_command_sees_the_same(browsers):
    ada = browsers("ada")
    shell = "subprocess.run(['sh', '-c', 'id -un; touch /datasets/public/x'], capture_output=True, text=True)"
    output = look(ada, f"(lambda done: [done.stdout.strip(), done.stderr.strip()])({shell})")
    assert output[0] == "ada" and "Read-only file system" in output[1]


def test_the_file_lies_in_her_tree(demo):
    assert (demo.state / "trees/north/home/ada/written.txt").read_text() == "mine"
    assert not (demo.state / "trees/south/home/ada/written.txt").exists()


def test_grace_has_no_scratch_and_is_told_why(browsers):
    grace = browsers("grace")
    text = grace.text()
    assert "/home/grace" in text
    assert "/scratch/grace" not in text
    reasons = [each.text for each in grace.all(".refusals li") if each.is_displayed() and "scratch" in each.text]
    assert reasons and all("developers" in reason for reason in reasons), reasons


def test_adas_cookies_do_not_open_graces_notebook(browsers, demo):
    grace = browsers("grace")
    grace.start("standard", "north")
    grace.in_lab()
    grace.new_notebook()
    assert look(grace, "[os.getuid(), names('/home'), names('/scratch')]") == \
        [20002, ["grace"], "No such file or directory"]
    ada = browsers("ada")
    assert answer_to(demo, "/user/grace/api/contents", grace.all_cookies())[0] == 200
    assert answer_to(demo, "/user/grace/api/contents", ada.all_cookies())[0] == 403
    ada.go("/user/grace/lab")
    eventually(lambda: "JupyterLab" not in ada.driver.title and ada.text(), "a refusal, not a notebook")
    assert "403" in ada.text() or "may not" in ada.text(), ada.text()
    assert not ada.is_at("/user/grace/lab"), ada.driver.current_url
    ada.shot("not-hers")


def test_the_notebook_goes_on_while_the_hub_is_dead_and_is_adopted_after(browsers, demo):
    ada = browsers("ada")
    ada.go("/user/ada/lab")
    ada.new_notebook()
    ada.run("kept = 'the same kernel'; print(1)")
    before = next(pod for pod in demo.pods("north") if pod["metadata"]["labels"]["orrery.io/person"] == "ada")
    demo.kill("hub", signal.SIGKILL)
    assert not demo.hub_answers()
    assert ada.run("import json; print(json.dumps(kept))") == "the same kernel"
    assert answer_to(demo, "/user/ada/api/status", ada.all_cookies())[0] == 200
    demo.start_again("hub")
    eventually(demo.hub_answers, "the hub answers again")
    assert ada.run("import json; print(json.dumps(kept))") == "the same kernel"
    after = next(pod for pod in demo.pods("north") if pod["metadata"]["labels"]["orrery.io/person"] == "ada")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    ada.go("/hub/home")
    ada.see(STOP)
    ada.shot("home-after-restart")


def test_stopped_on_north_and_started_on_south(browsers, demo):
    ada = browsers("ada")
    ada.stop()
    eventually(lambda: all(pod["metadata"]["labels"]["orrery.io/person"] != "ada" for pod in demo.pods("north")),
               "her pod on north is gone")
    status, body = answer_to(demo, "/user/ada/api/status", ada.all_cookies(), accept="application/json")
    assert status == 424 and "message" in json.loads(body)
    ada.start("standard", "south")
    ada.in_lab()
    ada.new_notebook()
    assert look(ada, "[names('/home/ada').count('written.txt'), names('/project'), names('/scratch')]") == \
        [0, ["photoz", "shared"], "No such file or directory"]
    assert look(ada, "[names('/datasets'), write('/datasets/public')]") == [["public"], "Read-only file system"]
    ada.shot("south")


def test_south_is_reached_through_its_agent_alone(browsers, demo):
    """Its pod answers through the proxy; from outside of its network neither the pod nor its cluster can be dialled."""
    if not demo.at("south"):
        pytest.skip("this machine lets us make no network")
    pod = next(pod for pod in demo.pods("south") if pod["metadata"]["labels"]["orrery.io/person"] == "ada")
    assert answer_to(demo, "/user/ada/api/status", browsers("ada").all_cookies())[0] == 200
    port = pod["spec"]["containers"][0]["ports"][0]["containerPort"]
    for place in [(pod["status"]["podIP"], port), ("127.0.0.1", demo.port + 444)]:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place, timeout=5).close()
    shown = demo.orrery("clusters", "show", "south")
    assert "Reached: through its agent" in shown and "Health: ready" in shown, shown


def test_after_logout_the_old_cookies_open_nothing(browsers, demo):
    ada = browsers("ada")
    ada.go("/user/ada/lab")
    ada.in_lab()
    old = ada.all_cookies()
    assert answer_to(demo, "/user/ada/api/contents", old)[0] == 200
    ada.log_out()
    assert answer_to(demo, "/user/ada/api/contents", old)[0] in (302, 403)
    assert answer_to(demo, "/user/ada/lab", old)[0] == 302
    assert answer_to(demo, "/hub/home", old)[0] in (302, 303)
    # Without the session id the server has to ask the hub, which knows the token no more.
    rest = "; ".join(part for part in old.split("; ") if not part.startswith("jupyterhub-session-id="))
    assert answer_to(demo, "/user/ada/api/contents", rest)[0] in (302, 403)


def test_the_pages_fit_a_phone(demo, results):
    phone = Browser(demo.url, results / "screenshots", "grace", width=390, height=844)
    phone.count = 50
    try:
        phone.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        phone.log_in(demo.people["grace"])
        width = phone.driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= 390, f"the home page is {width} px wide"
    finally:
        phone.close()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def answer_to(demo, path, cookies, accept="text/html"):
    """Status and body for a plain GET with these cookies, as a script that stole them would send it. Follows nothing."""
    request = urllib.request.Request(
        demo.url + path, headers={"Cookie": cookies, "Sec-Fetch-Mode": "navigate", "Accept": accept})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
