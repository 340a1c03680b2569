"""The rooms keep their directions, and whoever breaks one is told why."""

from pathlib import Path

import pytest

from tests.tools.imports import MAY_IMPORT, modules_of, offences

ROOT = Path(__file__).parents[2]


def test_every_import_goes_the_right_way():
    assert "server" in {name.partition(".")[0] for name in modules_of(ROOT)}, "nothing was read"
    assert offences(ROOT) == []


WRONG = {
    "server/app.py": ("from chat import module", "the ground knows no feature"),
    "server/data/engine.py": ("import anpi.jma", "the ground knows no feature"),
    "chat/names.py": ("from directory.search import find", "ask through a port"),
    "chat/rooms.py": ("import server, anpi", "ask through a port"),
    "directory/people.py": ("import chat.rooms as rooms", "ask through a port"),
    "directory/seats.py": ("from anpi import incidents", "ask through a port"),
    "anpi/dispatch.py": ("from chat.notify import tell", "the port Notify"),
    "anpi/page.py": ("import web", "anpi stands on server and directory only"),
    "web/pages.py": ("from chat.model import Room", "the face knows only the ground"),
    "web/module.py": (
        "if TYPE_CHECKING:\n    from directory import people",
        "the face knows only the ground",
    ),
    "chat/search.py": ("def find():\n    from server.data import sets", "inside a function"),
    "chat/lazy.py": ("class A:\n    async def b(self):\n        import server.app", "inside a function"),
    "server/cli.py": (
        "import importlib\nimportlib.import_module('chat.module')",
        "the ground knows no feature",
    ),
    "server/live/hub.py": ("from tests.tools import need", "an installed server does not have"),
}


@pytest.mark.parametrize("place", WRONG)
def test_a_wrong_import_is_found_and_explained(tmp_path, place):
    source, reason = WRONG[place]
    write(tmp_path, {place: f"import os\n{source}\n"})

    (offence,) = offences(tmp_path)

    assert offence.startswith(f"{place}:")
    assert reason in offence


RIGHT = {
    "server/app.py": "import importlib\nfrom server.data import engine\nimportlib.import_module(name)",
    "server/data/engine.py": "from .. import ports\nfrom . import sets",
    "server/data/sets.py": "def slow():\n    import json, sqlalchemy",
    "server/ports.py": "",
    "chat/rooms.py": "from server.data.engine import Engine\nfrom .model import Room",
    "chat/model.py": "import webbrowser, chatty",
    "anpi/page.py": "import directory.people, server.app",
    "directory/people.py": "from server import ports",
    "web/node_modules/x/tool.py": "import chat",
}


def test_right_imports_are_left_alone(tmp_path):
    write(tmp_path, RIGHT)
    assert offences(tmp_path) == []


@pytest.mark.parametrize(
    "files",
    [
        {"server/a.py": "from server import b", "server/b.py": "import server.a"},
        {
            "chat/a.py": "from . import b",
            "chat/b.py": "from .c import x",
            "chat/c.py": "from chat.a import y",
        },
        {"chat/__init__.py": "from .model import Room", "chat/model.py": "from chat import limits"},
    ],
)
def test_a_circle_is_found(tmp_path, files):
    write(tmp_path, files)
    (offence,) = offences(tmp_path)
    assert "in a circle" in offence


def test_all_five_rooms_are_known():
    assert set(MAY_IMPORT) == {"server", "chat", "directory", "anpi", "web"}


def write(root: Path, files: dict[str, str]) -> None:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
