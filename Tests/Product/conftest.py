"""The demo as the product tests see it: started once by its own command, on ports and in a state directory of its own."""
import os
import pathlib
import shutil

import pytest

from browser import Browser
from demo import Demo

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = pathlib.Path(os.environ.get("ORRERY_TEST_RESULTS", ROOT / ".build" / "test-results"))


@pytest.fixture(scope="session")
def results():
    shutil.rmtree(RESULTS / "screenshots", ignore_errors=True)
    (RESULTS / "screenshots").mkdir(parents=True)
    return RESULTS


@pytest.fixture(scope="session")
def demo(results):
    demo = Demo(ROOT, results)
    demo.start()
    yield demo
    demo.end()


@pytest.fixture(scope="session")
def browsers(demo, results):
    """browsers(name): the one browser of that person, logged in whenever it is asked for."""
    opened = {}

    def browser(name):
        if name not in opened:
            opened[name] = Browser(demo.url, results / "screenshots", name)
        if not opened[name].logged_in:
            opened[name].log_in(demo.people[name])
        return opened[name]

    yield browser
    for each in opened.values():
        each.close()
