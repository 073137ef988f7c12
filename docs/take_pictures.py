"""Take the pictures of docs/pictures from this project's own results, in headless Chromium.

python docs/take_pictures.py RUN RUN      two runs, named as for `heitler compare`
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from heitler.base.errors import HeitlerError
from heitler.tracking.comparison import compare_runs

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs/pictures"
PORT = 5055
URL = f"http://127.0.0.1:{PORT}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs=2, help="name or id")
    try:
        rows = compare_runs(parser.parse_args().run)
    except HeitlerError as error:
        sys.exit(f"Error: {error}")
    server = start_mlflow()
    try:
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or sys.exit("apt-get install chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            take_comparison(page, [str(row["mlflow_page"]) for row in rows])
            take_report(page)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def start_mlflow() -> subprocess.Popen[bytes]:
    """The UI on this project's store, once it answers."""
    store = f"sqlite:///{ROOT / 'mlruns/mlflow.db'}"
    command = ["mlflow", "ui", "--backend-store-uri", store, "--port", str(PORT), "--workers", "1"]
    server = subprocess.Popen([str(Path(sys.executable).with_name(command[0])), *command[1:]])
    for _ in range(180):
        try:
            urllib.request.urlopen(f"{URL}/health")
            return server
        except OSError:
            time.sleep(1)
    raise TimeoutError("MLflow's UI did not start in 3 minutes")


def take_comparison(page: Page, run_pages: list[str]) -> None:
    """Of runs with pages such as `#/experiments/1/runs/ca8964b0...`."""
    experiment = run_pages[0].split("/")[2]
    runs = [address.rpartition("/")[2] for address in run_pages]
    page.goto(
        f"{URL}/#/compare-runs?runs={json.dumps(runs)}&experiments={json.dumps([experiment])}"
    )
    page.get_by_text("Run details").first.wait_for(timeout=120_000)
    close_assistant(page)
    page.get_by_text("Visualizations").first.click()  # folded: the tables are what we want
    for switch in page.get_by_role("switch").all():
        switch.click()  # "Show diff only"
    page.wait_for_timeout(3_000)
    page.set_viewport_size({"width": 1400, "height": 1800})
    page.screenshot(path=PICTURES / "mlflow-compare.png")
    page.set_viewport_size({"width": 1400, "height": 900})


def close_assistant(page: Page) -> None:
    """The chat panel that MLflow opens at the right."""
    header = page.get_by_text("MLflow Assistant").locator("xpath=ancestor::*[.//button][1]")
    if header.count():
        header.get_by_role("button").last.click()


def take_report(page: Page) -> None:
    page.goto((ROOT / "reports/index.html").as_uri())
    page.screenshot(path=PICTURES / "report.png")
    figure = page.locator("figure", has=page.locator("svg")).first
    figure.screenshot(path=PICTURES / "response.png")


if __name__ == "__main__":
    main()
