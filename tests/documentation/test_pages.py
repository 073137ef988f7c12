"""Pages that are made from the code, and code that stands in pages."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from heitler.cli.main import app
from heitler.cluster.slurm import job_script
from heitler.config import PARAMS_FILE, Config, build_config
from heitler.data.cern import import_showers
from heitler.documentation.parameters import describe, parameters_page, read_comments, unit_of
from heitler.validation.metrics import all_metrics

DOCS = Path("docs")


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_parameter_is_described_with_its_value_of_params_yaml() -> None:
    values = yaml.safe_load(PARAMS_FILE.read_text())
    comments = read_comments(PARAMS_FILE.read_text())
    rows = {
        row.key: row
        for section in dataclasses.fields(Config)
        for row in describe(section.type, section.name, values[section.name], comments)
    }
    assert [key for key, row in rows.items() if not row.description] == []
    assert rows["train.epochs"].default == str(values["train"]["epochs"])
    assert rows["simulate.cut_mm"].unit == "mm"
    assert rows["train.loss_weights.theta"].kind == "number ≥ 0"
    page = parameters_page()
    assert all(f"| `{key}` |" in page for key in rows)


@pytest.mark.parametrize(
    ("name", "unit"),
    [("energy_min_GeV", "GeV"), ("test_fraction", "0 to 1"), ("seed", ""), ("warmup_cycles", "")],
)
def test_units_are_read_from_names(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="scripts/setup.sh docs installs it")
    command = ["mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]  # --quiet hides warnings
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    parameters = (tmp_path / "parameters/index.html").read_text()
    assert "train.global_batch_size" in parameters
    metrics = (tmp_path / "metrics/index.html").read_text()
    assert all(metric.name in metrics for metric in all_metrics())
    assert "heitler doctor" in (tmp_path / "commands/index.html").read_text()
    assert "read_showers" in (tmp_path / "api/index.html").read_text()
    pages = [page for page in tmp_path.rglob("*.html") if "fonts.googleapis" in page.read_text()]
    assert pages == []


@pytest.mark.parametrize("page", ["new-metric.md", "new-strategy.md"])
def test_code_of_a_how_to_runs(page: str, tmp_path: Path) -> None:
    code = "\n".join(blocks(page, "python"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_own_data_of_the_how_to_can_be_imported(tmp_path, make_config, monkeypatch) -> None:
    [code] = blocks("own-data.md", "python")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    config = make_config(simulate={"import_from": "own", "showers": 50})
    import_showers(Path("data/showers"), Path("downloads"), config.detector, config.simulate)
    assert list(Path("data/showers").glob("shard-*.h5"))


def test_slurm_settings_of_the_examples_are_valid_and_ask_for_whole_nodes() -> None:
    params = yaml.safe_load(PARAMS_FILE.read_text())
    examples = blocks("clusters.md", "yaml")
    assert len(examples) == 2
    for example in examples:
        changed = params | {"cluster": params["cluster"] | yaml.safe_load(example)["cluster"]}
        script = job_script(build_config(changed).cluster, "train", 8, "pipelines/train.py")
        assert "#SBATCH --nodes=4" in script
        assert "#SBATCH --cpus-per-task=56" in script
        assert "#SBATCH --account=YOUR_ACCOUNT" in script


def test_every_command_in_the_pages_exists_with_its_options() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    pages = [Path("README.md"), Path("CONTRIBUTING.md"), *DOCS.rglob("*.md")]
    text = "\n".join(line for page in pages for line in page.read_text().splitlines())
    typed = re.findall(r"^(?:\$ )?heitler ([a-z-]+)([^#\n]*)", text, re.MULTILINE)
    assert len(typed) > 20
    for name, arguments in typed:
        known = {option for p in commands[name].params for option in (*p.opts, *p.secondary_opts)}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", arguments)) <= known, (
            f"heitler {name}{arguments}"
        )
