"""Reads who imports whom in the rooms of the house, and says what goes the wrong way and why."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# Each room, the rooms it may import besides itself, and the reason that is told to whoever forgets.
# `directory` and `anpi` stand here before they exist: the directions are older than the rooms.
MAY_IMPORT = {
    "server": frozenset(),
    "chat": frozenset({"server"}),
    "directory": frozenset({"server"}),
    "anpi": frozenset({"server", "directory"}),
    "web": frozenset({"server"}),
}
BECAUSE = {
    "server": "the ground knows no feature: features plug themselves in through their module.py",
    "chat": "talk must run without people or anpi: ask through a port in server/ports.py",
    "directory": "people must run without talk or anpi: ask through a port in server/ports.py",
    "anpi": "anpi stands on server and directory only: reach talk through the port Notify",
    "web": "the face knows only the ground: what a page shows, its feature hands over",
}
NEVER_SHIPPED = frozenset({"tests", "boot", "hatch_build"})


@dataclass(frozen=True)
class Import:
    """One module asking for another, as written at one line."""

    importer: str
    imported: str
    place: str
    hidden: bool
    types_only: bool = False

    @property
    def room(self) -> str:
        return self.importer.partition(".")[0]

    @property
    def target(self) -> str:
        return self.imported.partition(".")[0]


def offences(root: Path) -> list[str]:
    """Every import under ``root`` that breaks a rule of the house, as a sentence."""
    modules = modules_of(root)
    imports = [found for name, path in modules.items() for found in imports_of(name, path, root, modules)]
    return [*wrong_ways(imports), *hidden_ones(imports), *circles(imports)]


def wrong_ways(imports: Iterable[Import]) -> Iterator[str]:
    for found in imports:
        if found.target in NEVER_SHIPPED:
            yield f"{found.place}: imports {found.imported}, which an installed server does not have"
        elif found.target != found.room and found.target not in MAY_IMPORT[found.room]:
            yield f"{found.place}: {found.room} imports {found.imported}, but {BECAUSE[found.room]}"


def hidden_ones(imports: Iterable[Import]) -> Iterator[str]:
    for found in imports:
        if found.hidden:
            yield (
                f"{found.place}: imports {found.imported} inside a function, which hides a direction or a"
                " circle from the reader: import at the top, or move what both need into a third file"
            )


def circles(imports: Iterable[Import]) -> Iterator[str]:
    """The first circle, if any: modules of which none can be loaded or tested without the others.

    What stands under ``if TYPE_CHECKING`` is a name for a reader and never loaded: it keeps the directions
    between rooms, but makes no circle.
    """
    graph: dict[str, set[str]] = {}
    for found in imports:
        if found.imported != found.importer and not found.types_only:
            graph.setdefault(found.importer, set()).add(found.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        around = " → ".join(reversed(error.args[1]))
        yield f"these import each other in a circle: {around}; move what they share into a file below both"


def modules_of(root: Path) -> dict[str, Path]:
    """All Python files of the rooms under their import names."""
    files = [path for room in MAY_IMPORT for path in (root / room).rglob("*.py")]
    ours = [path for path in files if "node_modules" not in path.parts]
    return {module_name(path.relative_to(root)): path for path in sorted(ours)}


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(name: str, path: Path, root: Path, modules: dict[str, Path]) -> Iterator[Import]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node, hidden, types_only in walk(ast.parse(path.read_text("utf-8"), str(path))):
        for imported in imported_by(node, package, modules):
            if imported.partition(".")[0] in MAY_IMPORT.keys() | NEVER_SHIPPED:
                yield Import(name, imported, f"{path.relative_to(root)}:{node.lineno}", hidden, types_only)


def walk(
    node: ast.AST, hidden: bool = False, types_only: bool = False
) -> Iterator[tuple[ast.stmt | ast.expr, bool, bool]]:
    """All imports and calls below ``node``: whether each waits inside a function, and whether only for types."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom | ast.Call):
            yield child, hidden, types_only
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from walk(child, hidden or inside, types_only or for_types(child))


def for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported_by(node: ast.AST, package: str, modules: dict[str, Path]) -> list[str]:
    """The modules one statement asks for; ``from x import y`` asks for ``x.y`` if that is a module."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = absolute(module, level, package)
            inner = [f"{base}.{alias.name}" for alias in names]
            return sorted({name if name in modules else base for name in inner})
        # By a fixed name it is an import like any other; by a name from the settings it is a plug.
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return [name]
    return []


def absolute(module: str | None, level: int, package: str) -> str:
    if level == 0:
        return module or ""
    above = package.split(".")[: len(package.split(".")) - (level - 1)]
    return ".".join([*above, *([module] if module else [])])
