"""Hooks of MkDocs (mkdocs.yml): pages that are not files in docs/, links that lead out of it.

The page of the score card's metrics takes formulas and sources from the code, limits from params.
"""

import re
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

from heitler.config import PARAMS_FILE, load_config
from heitler.documentation.parameters import cell
from heitler.validation.metrics import all_metrics, limit_of

ROOT = Path(__file__).parents[3]
TOP_FILES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "NOTICE.md": "notice.md",
}
"""Files of the top folder, and the pages that they are."""
RESULTS = re.compile(r"\[([^\]]+)\]\((?:\.\./)*(reports/[^)]+)\)")
"""Links to files under reports/, which is no part of the site."""
COMMANDS_HEAD = """# Commands

Made from the help texts of `heitler`. Exit codes: 0 it worked; 1 an error, whose message says what
to do; 2 a wrong command line; 3 with `heitler validate --strict`, a line of the score card fails;
255 a stage failed, with its own message above.

Shell completion: `heitler --install-completion`, then open a new shell.

"""
HEAD = """# Metrics of the score card

Each number compares generated with Geant4's showers. How a line is judged, with its error and the
floor of Geant4 against itself, is in [Is the physics right?](physics.md). This page is made from
`src/heitler/validation/metrics.py`; limits, for which `validate.limits` in `params.yaml` may have
others, say how far from the perfect value a number may be.

| name | what | formula | unit | perfect | passes | is a warning | source |
|---|---|---|---|---|---|---|---|
"""


def on_files(files: Any, config: Any) -> Any:
    """Add what is made from the code, the README as the first page, and benchmark results."""
    from mkdocs.structure.files import File

    for name, content in generated_pages(ROOT).items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Results of benchmarks are pages of the site, results of the pipeline are named."""
    return RESULTS.sub(r"\1 (`\2`)", markdown.replace("](../benchmarks/results/", "](benchmarks/"))


def generated_pages(root: Path) -> dict[str, str]:
    """Names and contents."""
    from heitler.documentation.hooks import metrics_page
    from heitler.documentation.parameters import parameters_page

    folder = root / "benchmarks/results"
    results, tables = sorted(folder.glob("*.md")), sorted(folder.glob("*.csv"))
    params = root / "params.yaml"
    return {
        **{page: _inside((root / file).read_text()) for file, page in TOP_FILES.items()},
        "parameters.md": parameters_page(params),
        "metrics.md": metrics_page(params),
        "commands.md": commands_page(),
        **{f"benchmarks/{p.name}": f"# Benchmark: {p.stem}\n\n{p.read_text()}" for p in results},
        **{f"benchmarks/{p.name}": p.read_text() for p in tables},
    }


def _inside(text: str) -> str:
    """Links of a file of the top folder, as they are within the site."""
    for file, page in (TOP_FILES | {"LICENSE": "notice.md"}).items():
        text = text.replace(f"]({file})", f"]({page})")
    return text.replace("](docs/", "](")


def commands_page() -> str:
    """All commands with their options."""
    from heitler.cli.main import app

    command = get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="heitler")
    return COMMANDS_HEAD + text.partition("\n")[2]


def metrics_page(params: Path = PARAMS_FILE) -> str:
    """The page in Markdown."""
    limits = load_config(params).validate.limits
    rows = []
    for metric in all_metrics():
        passes, warns = limit_of(metric.name, limits)
        cells = (
            f"`{metric.name}`",
            metric.title,
            metric.formula,
            metric.unit,
            f"{metric.perfect:g}",
            f"{passes:g}",
            f"{warns:g}",
            metric.source,
        )
        rows.append(f"| {' | '.join(map(cell, cells))} |\n")
    return HEAD + "".join(rows)
