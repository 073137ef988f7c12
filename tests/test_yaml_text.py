"""YAML that DVC would read otherwise is refused with both readings; what is clear is read."""

from pathlib import Path

import pytest
from dvc.utils.serialize import modify_yaml, parse_yaml

from heitler.cli.preset import load_preset
from heitler.cli.stages import what_changes
from heitler.config import ConfigError, load_config, load_yaml
from heitler.config.yaml_text import looks_like_number, parse_decimal, read_as_yaml_1_2
from heitler.sweep.experiments import SweepError
from heitler.sweep.space import Choice, parse_space

WORDS = """
0 00 -0 +1 07 010 -010 0777 089 08 0x10 -0x1F 0xg 0o10 -0o7 0o8 0b11 0b12 1_000 685_230 1_ 0_1 +0
1. .5 -.5 +.5e3 .5e3 3e-4 3.e-4 1e5 1e+5 12e03 1.5e3 1.0e-7 01.5 1_0.5 ._5 5._1 1_e5 1e 1e+ e5 +1.5
1:30 1:30.5 190:20:30 01:00:00 1,000 1.5.2 . .. -- .inf -.Inf +.inf .nan .NaN .inF -1e-3
yes Yes no on off y n true True TRUE tRue false x per_worker 1O.5
"""


@pytest.mark.parametrize("word", WORDS.split())
def test_a_value_is_read_as_dvc_reads_it_or_refused(word: str) -> None:
    theirs = parse_yaml(f"a: {word}", "params.yaml")["a"]
    assert repr(read_as_yaml_1_2(word)) == repr(theirs)
    refused = f"line 1, column 4: a is {word}, which is"
    assert reading_or_refusal(word).startswith((repr(theirs), f"params.yaml: {refused}"))


def reading_or_refusal(word: str) -> str:
    try:
        return repr(load_yaml(f"a: {word}", "params.yaml")["a"])
    except ConfigError as error:
        return str(error)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("010", "8 in YAML 1.1 and 10 in YAML 1.2, which DVC reads. Write 8 or 10."),
        ("0o10", "the text '0o10' in YAML 1.1 and 8 in YAML 1.2"),
        (
            "yes",
            """true in YAML 1.1 and the text 'yes' in YAML 1.2, which DVC reads. Write true or""",
        ),
        ("1:30", "90 in YAML 1.1 and the text '1:30' in YAML 1.2"),
    ],
)
def test_both_readings_and_the_place_are_named_wherever_a_value_is_read(
    word: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path("params.yaml").read_text()
    changed = whole.replace("  seed: 1\n", f"  seed: {word}\n", 1)
    line = changed[: changed.index(f"seed: {word}")].count("\n") + 1
    (tmp_path / "other.yaml").write_text(changed)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "other.yaml")
    assert f"other.yaml: line {line}, column 9: simulate.seed is {word}" in str(caught.value)
    assert said in str(caught.value)
    with pytest.raises(ConfigError, match=f"--set train.seed={word}: line 1, column 1: {word}"):
        what_changes([f"train.seed={word}"])
    with pytest.raises(ConfigError, match=r"train\.seed=1,"):
        parse_space([f"train.seed=1,{word}"])
    monkeypatch.setattr("heitler.cli.preset.PRESETS", tmp_path)
    with pytest.raises(ConfigError, match=r"other\.yaml: line"):
        load_preset("other")


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    text = Path("params.yaml").read_text() + "train: {epochs: 3}\n"
    (tmp_path / "params.yaml").write_text(text)
    first = text[: text.index("\ntrain:")].count("\n") + 2
    last = text.count("\n")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "params.yaml")
    assert f"train stands twice: line {first}, column 1 and line {last}, column 1" in str(
        caught.value
    )
    with pytest.raises(ConfigError, match=r"a\[1\]\.b stands twice: line 3, column 4 and line 3"):
        load_yaml('a:\n- 1\n- {b: 1, "b": 2}\n', "x")


def test_a_time_that_dvc_has_written_without_quotes_is_text(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(Path("params.yaml").read_text())
    with modify_yaml(path) as params:  # what `dvc exp run -S` does
        params["cluster"]["slurm"]["walltime"] = "12:00:00"
    assert "walltime: 12:00:00" in path.read_text()
    assert load_config(path).cluster.slurm.walltime == "12:00:00"


def test_quoted_text_repeated_anchors_and_a_byte_order_mark_are_clear() -> None:
    text = "\ufeffa: &x {time: '1:30', b: \"yes\"}\nc: {<<: *x, b: 3e-4}\nd: *x\n"
    assert load_yaml(text, "x")["c"] == {"time": "1:30", "b": 0.0003}


@pytest.mark.parametrize(
    "text",
    [
        *("a: [1", "a: 2026-13-45", "{a: 1}\n---\n{a: 2}", "a: 0b_", "\0"),
        *("a: !!bool x", "a: !!int ''", "a: !!timestamp x", "a: !!float x"),
    ],
)
def test_what_is_no_yaml_is_refused_without_a_traceback(text: str) -> None:
    with pytest.raises(ConfigError, match="--set x: not valid YAML"):
        load_yaml(text, "--set x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train.seed=1,,2", "has an empty value"),
        ("train.seed=1,", "has an empty value"),
        ("train.seed=1,2,1", "has the value 1 twice"),
        ("train.seed=0,0", "has the value 0 twice"),
        ("train.seed=int:1.5:3", "limits that are not whole numbers"),
        ("train.learning_rate=lin:nan:1", "no two limits that are numbers"),
        ("train.learning_rate=lin:1_0:20", "no two limits that are numbers"),
        ("train.learning_rate=lgo:1:2", "lgo is none of lin, log, int"),
    ],
)
def test_a_sweep_has_no_values_that_are_none(text: str, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        parse_space([text])


def test_a_sweep_reads_numbers_as_params_yaml_does() -> None:
    space = parse_space(["train.learning_rate=3e-4,0.001"])
    assert space["train.learning_rate"] == Choice((0.0003, 0.001))
    with pytest.raises(SweepError, match="stands twice"):
        parse_space(["train.seed=1,2", "train.seed=3"])


def test_a_truth_value_or_a_quoted_number_is_no_number(tmp_path: Path) -> None:
    whole = Path("params.yaml").read_text()
    for value in ("true", '"0.001"'):
        (tmp_path / "p.yaml").write_text(
            whole.replace("learning_rate: 0.001 ", f"learning_rate: {value} ", 1)
        )
        with pytest.raises(ConfigError, match=r"train\.learning_rate is .*valid number"):
            load_config(tmp_path / "p.yaml")


def test_decimal_numbers_only() -> None:
    assert [parse_decimal(w) for w in ("10.5", "1e3", "-.5", "+2.")] == [10.5, 1000.0, -0.5, 2.0]
    for word in ("1_000", "nan", "inf", "1O.5", "", ".", "0x10", "1,5", "\u0661", "1e"):
        assert parse_decimal(word) is None
    assert all(map(looks_like_number, ("1O.5", "l0", "O.5", "1_000", "nan", "10 GeV", "1,5")))
    assert not any(map(looks_like_number, ("energy", "E [GeV]", "", "e", ".x")))
