"""Options that say what a shower file does not say itself, of one file or of several."""

import math

import pytest
import typer

from heitler.cli.reading import finite, wishes_for


def test_a_value_for_one_file_goes_before_that_for_all() -> None:
    said = (None, ["GeV", "truth=mev"], ["50"], ["truth=gamma"])
    truth, generated = (wishes_for(role, *said) for role in ("truth", "generated"))
    assert (truth.unit, truth.scale, truth.particle) == ("MeV", 50.0, "gamma")
    assert (generated.unit, generated.particle) == ("GeV", None)
    assert not truth.for_all
    assert generated.for_all
    assert truth.options == ("--unit truth=", "--scale truth=", "--particle truth=")
    assert wishes_for("", "16,9,45", ["MeV"], None, None).shape == (16, 9, 45)


@pytest.mark.parametrize(
    ("role", "said", "message"),
    [
        ("truth", (None, ["erg"], None, None), "--unit is 'erg', no unit of energy"),
        (
            "truth",
            (None, ["thruth=MeV"], None, None),
            "'thruth' is no file. The files are generated",
        ),
        ("", (None, ["truth=MeV"], None, None), "'truth' is no file. There is one"),
        ("", (None, ["MeV", "GeV"], None, None), "--unit is given as MeV and as GeV"),
        ("", (None, None, ["5O"], None), "--scale is '5O'. Is 50 meant?"),
        ("", (None, None, ["-50"], None), "Give a number above 0"),
        ("", (None, None, None, ["pi0"]), "--particle is 'pi0'. Known: e-, e+, gamma"),
        ("", ("16,9", None, None, None), "Give three numbers above 0"),
        ("", ("-16,-9,45", None, None, None), "Give three numbers above 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(role: str, said: tuple, message: str) -> None:
    with pytest.raises(typer.BadParameter) as caught:
        wishes_for(role, *said)
    assert message in str(caught.value)


def test_no_number_to_calculate_with_is_refused() -> None:
    assert finite(1.5) == 1.5
    assert finite(None) is None
    for value in (math.nan, math.inf):
        with pytest.raises(typer.BadParameter, match="Give a finite one"):
            finite(value)
