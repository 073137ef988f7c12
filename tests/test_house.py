"""`make house`: rooms, arrows and ways are counted as docs/architecture.md says."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SMALL = {
    "src/heitler/__init__.py": '"""Package."""\n',
    "src/heitler/config/__init__.py": "from heitler.config.all import Config\n",
    "src/heitler/config/all.py": (
        "class TrainConfig:\n    seed: int\n\nclass Config:\n    train: TrainConfig\n"
    ),
    "src/heitler/data/batches.py": "class Events: ...\n",
    "src/heitler/model/gan.py": (
        "from heitler.config import Config\n"
        "from heitler.config.all import TrainConfig\n"
        "class Gan:\n"
        "    def __init__(self, train: TrainConfig) -> None:\n"
        "        self.train = train\n"
        "def build(train: TrainConfig) -> Gan:\n"
        "    return Gan(train)\n"
        "def seed_of(train: TrainConfig) -> int:\n"
        "    return train.seed\n"
        "def say(gan: Gan) -> int:\n"
        "    return seed_of(gan.train)\n"
        "def other(train: TrainConfig) -> int:\n"
        "    return seed_of(train)\n"
    ),
    "src/heitler/training/loop.py": (
        "from heitler.config import Config\n"
        "from heitler.data.batches import Events\n"
        "from heitler.model.gan import build, say\n"
        "def train(config: Config) -> None:\n"
        "    own = config.train\n"
        "    gan = build(own)\n"
        "    say(gan)\n"
    ),
    "pipelines/train.py": "def main():\n    from heitler.training.loop import train\n",
}


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The modules of the command, by name."""
    monkeypatch.syspath_prepend(ROOT / "scripts/house")
    return importlib.import_module


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in SMALL.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_rooms_stand_above_what_they_import(tools, small):
    house = tools("rooms").measure_house(small)
    assert house.floors() == [["pipelines"], ["training"], ["model"], ["config", "data"]]
    assert house.modules == 6
    assert house.arrows["pipelines", "training"] == 1
    assert ("training", "config") not in house.short_ways()  # there is one through model
    assert ("training", "data") in house.short_ways()


def test_rooms_that_import_each_other_still_have_floors(tools, small):
    (small / "src/heitler/data/batches.py").write_text("import heitler.training.loop\n")
    house = tools("rooms").measure_house(small)
    assert sorted(room for floor in house.floors() for room in floor) == sorted(house.lines)


def test_parameters_are_followed_through_sections_names_and_objects_that_hold_them(tools, small):
    stops = tools("trip").config_stops(small)
    assert [(stop.caller.rpartition(".")[2], stop.callee) for stop in stops] == [
        ("train", "heitler.model.gan.build"),
        ("build", "heitler.model.gan.Gan"),
        ("say", "heitler.model.gan.seed_of"),
    ]


def test_files_of_a_batch_are_those_that_know_its_forms(tools, small):
    assert tools("trip").batch_files(small) == ["heitler.data.batches", "heitler.training.loop"]


def test_the_picture_has_every_room_and_arrow(tools, small):
    house = tools("rooms").measure_house(small)
    picture = tools("picture").draw(house, "A house")
    assert picture.count("<path") == len(house.arrows)
    assert picture.count('class="room"') == len(house.lines)


def test_columns_of_earlier_commits_stay_on_the_page(tools):
    spec = importlib.util.spec_from_file_location("house", ROOT / "scripts/house/__main__.py")
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    before = dict.fromkeys(command.WORDS, 1)
    page = command.with_table(f"a\n{command.BEGIN}{command.END}b", {"before": before})
    assert command.read_table(page) == {"before": before}
    assert page.startswith("a\n")
    assert page.endswith("b")
