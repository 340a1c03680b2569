"""Imports and exports for the operator at the command line, done by the server that runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

from msgspec import Struct

from directory.imports.exporting import export
from directory.imports.model import Kind, Options
from directory.imports.wire import ImportEncoding, ImportPreview
from directory.imports.work import imports_of
from server.auth.audit import record
from server.auth.model import Actor
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid
from server.services import Services

PIECE = 64 * 1024
LINES = 200


class ImportFile(Struct, forbid_unknown_fields=True):
    """A file of this machine; ``dry_run``: only say what it would come to."""

    kind: Kind
    file: str
    dry_run: bool = False
    options: Options = Options()


class ExportFile(Struct, forbid_unknown_fields=True):
    """A file of this machine that is not there yet."""

    kind: Kind
    file: str
    encoding: ImportEncoding = "utf-16"


async def import_file(services: Services, actor: Actor, wish: ImportFile) -> list[str]:
    """Import it, or say why not."""
    path, imports = Path(wish.file), imports_of(services)
    shown = await imports.preview(actor, wish.kind, _pieces(path), wish.options)
    said = told(shown)
    if wish.dry_run or not shown.ready:
        return said
    await imports.apply(actor, shown.id, _pieces(path), "")
    return [*said, "Applied."]


def import_doing(services: Services) -> str:
    """How far the import is."""
    return imports_of(services).doing()


def export_doing(services: Services) -> str:
    """That it goes on."""
    return "writing the file"


async def export_file(services: Services, actor: Actor, wish: ExportFile) -> list[str]:
    """Write it, readable by its owner alone."""
    try:
        file = os.open(wish.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as problem:
        raise Conflict("file_not_written", reason=problem.strerror) from None

    def note(tx: Transaction) -> None:
        record(tx, actor, f"directory.export.{wish.kind}")

    with os.fdopen(file, "wb") as new:
        await services.writer.act(note)
        async for piece in export(services, wish.kind, wish.encoding):
            new.write(piece)
    return [f"Written: {wish.file}"]


def told(shown: ImportPreview) -> list[str]:
    """A preview for a terminal."""
    counts = shown.counts
    said = [f"add {counts.add}, change {counts.change}, remove {counts.remove}, unchanged {counts.unchanged}"]
    said += [f"{seat.counter}: {seat.used} -> {seat.after} of {seat.limit} ID" for seat in shown.seats]
    said += [f"{problem.level}: {problem.text}" for problem in shown.problems[:LINES]]
    if (more := counts.errors + counts.warnings + counts.repairs - LINES) > 0:
        said.append(f"and {more} more")
    if not shown.ready:
        said.append("Nothing can be applied." if counts.errors or shown.asks else "Nothing would change.")
    return said


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError:
        raise Invalid("unreadable") from None
