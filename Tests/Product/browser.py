"""A person at a headless Chromium: what they do on Orrery's pages and in JupyterLab, and a screenshot of each step."""
import json

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from demo import eventually


# Where things are on Orrery's pages.
ISSUER = ".issuers a.button"
LOG_OUT = "form[action='/hub/logout'] button"
STOP = ".session .button.danger"
PHASE = ".phases .phase"
FAILURE = ".notice.failure"


class Browser:
    def __init__(self, url, screenshots, name, width=1280, height=900):
        self.url, self.screenshots, self.name, self.count = url, screenshots, name, 0
        self.logged_in = False
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server",
                         "--disable-gpu", f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))

    def close(self):
        self.driver.quit()

    def shot(self, what):
        self.count += 1
        self.driver.save_screenshot(str(self.screenshots / f"{self.name}-{self.count:02}-{what}.png"))

    # Looking

    def go(self, path):
        self.driver.get(self.url + path)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def see(self, selector, limit=60.0, text=None):
        """The first visible element of `selector` (with `text` in it), waited for."""
        def look():
            try:
                return next((each for each in self.all(selector)
                             if each.is_displayed() and (text is None or text in each.text)), None)
            except StaleElementReferenceException:
                return None
        return eventually(look, lambda: f"{selector} {text or ''} on {self.driver.current_url}\n{self.text()[:1500]}", limit)

    def text(self):
        try:
            return self.driver.find_element(By.TAG_NAME, "body").text
        except WebDriverException:
            return ""

    def press(self, selector, text=None, limit=60.0):
        """Clicks it, as soon as nothing lies over it."""
        def click():
            try:
                self.see(selector, limit, text).click()
                return True
            except WebDriverException:
                return False
        eventually(click, f"{selector} can be clicked", limit)

    def is_at(self, path):
        return self.driver.current_url.removeprefix(self.url).startswith(path)

    # Logging in and out

    def log_in(self, password):
        self.go("/")
        self.see(ISSUER)
        self.shot("login")
        self.press(ISSUER, "Demo Institute")
        self.give_password(password)
        eventually(lambda: self.is_at("/hub/home"), lambda: f"home after login, at {self.driver.current_url}\n{self.text()}")
        self.see("h1")
        self.shot("home")
        self.logged_in = True

    def give_password(self, password):
        """glewlwyd's own pages: a form unless it knows the person still, then «Continue»."""
        eventually(lambda: self.all("#username") or "Continue" in self.text(), lambda: f"glewlwyd asks:\n{self.text()}")
        if self.all("#username"):
            self.see("#username").send_keys(self.name)
            self.see("#password").send_keys(password)
            self.shot("provider")
            self.press("#loginbut")
        self.press("button", "Continue")

    def log_out(self):
        self.go("/hub/home")
        self.press(LOG_OUT)
        eventually(lambda: not self.is_at("/hub/home"), "the home page is left after logout")
        self.logged_in = False
        self.shot("logged-out")

    def all_cookies(self):
        """Every cookie of the browser, whatever its path, as one header: what a thief would have."""
        cookies = self.driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
        return "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)

    # Sessions

    def start(self, profile, cluster):
        """Presses start on a profile's card; ends on the progress page."""
        self.go("/hub/home")
        card = f"details.profile:has(input[name=profile][value={profile}])"
        if not self.all(f"{card}[open]"):
            self.press(f"{card} summary")
        self.press(f"label[for='cluster-{profile}.{cluster}']")
        self.press(f"{card} .actions button")
        eventually(lambda: self.is_at("/hub/progress/") or self.is_at("/user/"), lambda: f"progress page, at {self.driver.current_url}\n{self.text()}")

    def stop(self):
        self.go("/hub/home")
        self.press(STOP)

        def is_gone():
            self.go("/hub/home")
            return not self.all(".session")
        eventually(is_gone, "no session left", 60)

    # JupyterLab

    def in_lab(self, limit=180.0):
        eventually(lambda: "/lab" in self.driver.current_url, lambda: f"JupyterLab, at {self.driver.current_url}\n{self.text()}", limit)
        self.see("#jp-main-dock-panel", limit)

    def new_notebook(self):
        self.in_lab()
        if not self.all(".jp-Launcher"):
            self.press("[data-command='launcher:create'], .jp-ToolbarButtonComponent[title^='New Launcher']")
        self.press(".jp-LauncherCard[data-category=Notebook]")
        self.see(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell .cm-content", 60)
        # What is run before its kernel is connected, JupyterLab drops; the status bar says when it is.
        self.see("#jp-bottom-panel, #jp-main-statusbar", 60, text="| Idle")

    def run(self, code, limit=60.0):
        """Types `code` into the notebook's last cell, runs it, and returns what it printed as JSON."""
        cell = self.all(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell")[-1]
        cell.find_element(By.CSS_SELECTOR, ".cm-content").click()
        self.driver.execute_cdp_cmd("Input.insertText", {"text": code})
        cell.find_element(By.CSS_SELECTOR, ".cm-content").send_keys(Keys.SHIFT, Keys.ENTER)

        def printed():
            try:
                texts = [each.text for each in cell.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output")]
            except StaleElementReferenceException:
                return None
            return texts if any(texts) else None
        texts = eventually(printed, lambda: f"output of the cell:\n{self.text()[:1500]}", limit)
        return json.loads("".join(texts).strip())
