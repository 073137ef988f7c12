"""The page as a browser shows it: Chromium, on a phone and on a desk, light, dark, and on paper."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from heitler.config import RECIPES
from heitler.report.claims.assess import QUESTIONS
from heitler.report.figures import DATA, DISPLAYS, EVOLUTION, SHAPES, TRAINING
from heitler.report.page import render_page
from heitler.report.results import Results
from tests.report.conftest import small_config

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FIGURES = 9 + len(SHAPES + DISPLAYS + DATA + EVOLUTION) + len(RECIPES) * len(TRAINING)
PATIENCE_MS = 180_000
"""For machines that do other work beside."""
CHECKS = (Path(__file__).parent / "page_checks.js").read_text()
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>&amp;"' + "long" * 15
RUN = {
    "run": HOSTILE,
    "mlflow_page": "#/experiments/1/runs/0123456789abcdef0123456789abcdef",
    "workers": 2.0,
    "global_batch_size": 8.0,
    "epochs": 5.0,
    "epoch_time_s": 44.3,
}


@pytest.fixture(scope="module")
def address(made_once: Path) -> str:
    """The page of all stages' results, with a run and a detector of a hostile name."""
    found = Results(made_once / "reports", made_once / "data")
    page = made_once / "page.html"
    page.write_text(render_page(found, small_config(name=HOSTILE), {"commit": "c0ffee"}, [RUN]))
    return page.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=OPTIONS, timeout=PATIENCE_MS
        )
        yield chromium
        chromium.close()


@contextlib.contextmanager
def opened(browser: Browser, address: str, width: int, scheme: str) -> Iterator[Page]:
    """The page with all folded parts open; nothing may have gone wrong when it is closed."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE_MS)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on("requestfailed", lambda wanted: problems.append(wanted.url))
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    yield page
    page.close()
    assert problems == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """On a phone."""
    with opened(browser, address, 360, "light") as page:
        yield page


def check(page: Page, name: str) -> list[str]:
    found: list[str] = page.evaluate(f"() => {{ {CHECKS}; return {name}(); }}")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_the_page_is_whole_at_this_width_and_in_these_colours(browser, address, width, scheme):
    with opened(browser, address, width, scheme) as page:
        assert check(page, "boxesThatOverflow") == []
        assert check(page, "emptyFigures") == []
        assert check(page, "faintTexts") == []
        assert page.locator("figure").count() == FIGURES


def test_the_checks_see_what_is_wrong(page):
    page.evaluate(
        "document.querySelector('.eyebrow').style = 'color: #aaa; width: 500px';"
        "document.querySelector('figure svg').remove()"
    )
    assert any("Heitler report" in text for text in check(page, "faintTexts"))
    assert any("eyebrow" in text for text in check(page, "boxesThatOverflow"))
    assert len(check(page, "emptyFigures")) == 1


def test_a_hostile_run_name_is_text_and_its_link_leads_to_mlflow(page):
    link = page.locator("#runs a")
    assert link.inner_text() == HOSTILE
    assert link.get_attribute("href") == f"http://127.0.0.1:5000/{RUN['mlflow_page']}"
    assert page.locator("img, script").count() == 0
    assert HOSTILE in page.locator("header").inner_text()


def test_claims_are_the_first_thing_below_the_question(page):
    first = page.locator("main > *:not(header)").first
    assert first.get_attribute("id") == "claims"
    assert first.locator("tbody tr").count() == len(QUESTIONS)
    assert first.bounding_box()["y"] < 800  # on the first screen


def test_an_event_display_is_enlarged_and_can_be_moved(page):
    display = page.locator(".zoomable").first
    before = display.locator("svg").bounding_box()["width"]
    display.locator("[value='4']").check()
    assert display.locator("svg").bounding_box()["width"] == pytest.approx(4 * before, rel=0.02)
    window = display.locator(".window")
    window.evaluate("(element) => element.scrollTo(100, 0)")
    assert window.evaluate("(element) => element.scrollLeft") == 100
    assert check(page, "boxesThatOverflow") == []


def test_on_paper_nothing_is_cut_off_and_folded_parts_are_printed(browser, address):
    page = browser.new_page(viewport={"width": 720, "height": 1000}, color_scheme="dark")
    page.goto(address)
    page.emulate_media(media="print")
    assert check(page, "boxesThatOverflow") == []
    assert check(page, "faintTexts") == []
    assert page.locator("details tr").last.bounding_box()["height"] > 5
    assert not page.locator("nav").is_visible()
    page.close()
