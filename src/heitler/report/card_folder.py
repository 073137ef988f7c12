"""A folder with the score card of two files: JSON, one page, figures."""

from pathlib import Path

from heitler.base.files import write_csv, write_json, write_text
from heitler.data.any_format import known_cell_size_mm
from heitler.report.card_page import render_card_page
from heitler.report.classifier_figure import draw_classifiers
from heitler.report.samples import Generated, Samples
from heitler.report.validation_figures import draw_showers, write_validation_figures
from heitler.validation.classifier_curve import headline
from heitler.validation.compare import compare_response, response_rows
from heitler.validation.files import FileComparison


def write_card_folder(folder: Path, comparison: FileComparison) -> None:
    """Write card.json, response.csv, validate/*.svg and index.html, which needs no other file.

    Where classifiers were asked, also classifiers.csv (AUC over N) and classifiers.json.
    """
    card = [score.as_json() for score in comparison.scores]
    write_json(folder / "card.json", card)
    figures = folder / "validate"
    size = known_cell_size_mm(comparison.truth_file.path)
    response = compare_response(*comparison.samples, comparison.edges_GeV)
    write_csv(folder / "response.csv", response_rows(response))
    if comparison.points:
        _write_classifiers(folder, comparison)
        draw_classifiers(figures / "classifiers.svg", comparison.points)
    generated, truth, reference = comparison.samples
    samples = Samples([Generated(generated, response)], truth, reference)
    write_validation_figures(figures, samples, comparison.config, size)
    first = [next(file.read()) for file in (comparison.generated_file, comparison.truth_file)]
    draw_showers(figures / "showers.svg", {"generated": first[0]}, first[1], size)
    page = render_card_page(
        card,
        folder,
        generated=comparison.generated_file.path.name,
        truth=comparison.truth_file.path.name,
        showers=f"{len(generated):,} showers against {len(truth):,} true ones, with "
        f"{len(reference):,} other true ones for the floor.",
        notes=comparison.notes,
    )
    write_text(folder / "index.html", page)


def _write_classifiers(folder: Path, comparison: FileComparison) -> None:
    write_csv(folder / "classifiers.csv", [point.as_row() for point in comparison.points])
    s_esum = {s.name: s.value for s in comparison.scores}["separation_ecal_sum"]
    found = headline(comparison.points) | {"s_esum": float(f"{s_esum:.4g}")}
    write_json(folder / "classifiers.json", found)
