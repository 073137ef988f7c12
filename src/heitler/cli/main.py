"""`heitler`: one subcommand per module, each a thin shell around a function of the package."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
import typer

from heitler.cli.claims import claims
from heitler.cli.compare import checkout, compare, sync
from heitler.cli.doctor import doctor
from heitler.cli.generate import generate
from heitler.cli.launch import check_cluster, launch
from heitler.cli.plan import plan
from heitler.cli.preset import preset
from heitler.cli.stages import add_stages
from heitler.cli.sweep import experiments, sweep
from heitler.cli.validate import export, validate

app = typer.Typer(
    help="Calorimeter showers from a generative network instead of Geant4. Shell completion: "
    "heitler --install-completion",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
PANELS = {
    "This machine": (doctor,),
    "Showers": (generate, validate, export),
    "Nodes": (plan, check_cluster, launch),
    "Runs": (preset, sweep, experiments, compare, checkout, claims, sync),
}
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
add_stages(app)


def main() -> None:
    """Run the command; errors of ours end it with a message and exit code 1."""
    run_stage(app)
