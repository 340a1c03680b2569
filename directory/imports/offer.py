"""What imports add to the directory's module."""

from __future__ import annotations

from datetime import timedelta

from directory.imports import trail, upkeep
from directory.imports.model import Counter, Counts, Heading, Lost, Problem
from directory.imports.operating import ExportFile, ImportFile, export_doing, export_file, import_doing, import_file
from directory.imports.routes import TSV, ExportQuestion, PreviewQuestion, RowsQuestion
from directory.imports.wire import (
    ImportDone,
    ImportField,
    ImportPreview,
    ImportProgress,
    ImportRow,
    ImportRows,
    ImportSheets,
    LastImport,
)
from server.auth.routes import Nothing
from server.auth.sheets import LoginSheet
from server.contract.terms import Answer, Contract, Operation
from server.module import Order, Tick

SANDBOX = {
    "directory.import_plan": "directory.imports.desk:plan",
    "directory.import_pictures": "directory.imports.desk:pictures",
    "directory.import_photos": "directory.imports.desk:photos",
    "directory.import_undo": "directory.imports.desk:undo",
    "directory.import_passwords": "directory.imports.desk:passwords",
}
ORDERS = {
    "import": Order(ImportFile, import_file, doing=import_doing),
    "export": Order(ExportFile, export_file, doing=export_doing),
}
JOBS = trail.JOBS
TICKS = (Tick("directory.imports", timedelta(hours=1), upkeep.sweep),)

_ONE = "/api/admin/imports/{id}"
_KIND = "/api/admin/imports/{kind}"
_PREVIEW = (Answer(200, "What it would come to; nothing has been written", ImportPreview),)
_PROGRESS = (Answer(200, "How far it is", ImportProgress),)
_FILE = (Answer(200, "The file", media=TSV),)

CONTRACT = Contract(
    operations=(
        Operation(
            "previewImport",
            "PUT",
            _KIND,
            "What a file of departments or users would come to: .tsv, .xlsx, or a .zip with photos, up to 128 MiB",
            _PREVIEW,
            upload="application/octet-stream",
            query=PreviewQuestion,
            places={"kind": "users"},
        ),
        Operation(
            "applyImport",
            "PUT",
            f"{_ONE}/apply",
            "Does what the preview showed, with the same file once more; answers when it is done",
            (Answer(200, "How it ended, with the sign-in sheets of those whose passwords were made", ImportDone),),
            upload="application/octet-stream",
            places={"id": 1},
        ),
        Operation("importProgress", "GET", _ONE, "How far an import is", _PROGRESS, places={"id": 1}),
        Operation(
            "importRows",
            "GET",
            f"{_ONE}/rows",
            "A page of what would be added, changed or removed",
            (Answer(200, "At most 100 rows", ImportRows),),
            query=RowsQuestion,
            places={"id": 1},
        ),
        Operation("importErrors", "GET", f"{_ONE}/errors.tsv", "The rows with errors", _FILE, places={"id": 1}),
        Operation(
            "importSheets",
            "POST",
            f"{_ONE}/sheets",
            "The sign-in sheets of those whose passwords were made: told once",
            (Answer(200, "The sheets", ImportSheets),),
            body=Nothing,
            places={"id": 1},
        ),
        Operation(
            "lastImport",
            "GET",
            f"{_KIND}/last",
            "Whether there is a last import that can be undone",
            (Answer(200, "Yes or no", LastImport),),
            places={"kind": "users"},
        ),
        Operation(
            "previewUndo",
            "POST",
            f"{_KIND}/undo-preview",
            "What undoing the last import would come to, within seven days of it",
            _PREVIEW,
            body=Nothing,
            places={"kind": "users"},
        ),
        Operation(
            "undoImport",
            "POST",
            f"{_ONE}/undo",
            "Does what the preview of an undo showed",
            _PROGRESS,
            body=Nothing,
            places={"id": 1},
        ),
        Operation(
            "export",
            "GET",
            "/api/admin/exports/{kind}",
            "All departments or users, as a file that imports again",
            _FILE,
            query=ExportQuestion,
            places={"kind": "users"},
        ),
        Operation(
            "sample", "GET", "/api/admin/samples/{kind}", "A small company as a file", _FILE, places={"kind": "users"}
        ),
    ),
    examples=(
        ImportPreview(
            id=4,
            kind="users",
            encoding="xlsx",
            rows=300,
            counts=Counts(add=299, change=1, repairs=3, hashes=299),
            seats=[Counter("basic", 1, 300, 300)],
            lost=Lost(),
            unknown=["メモ"],
            headings=[Heading("氏名", "NAME")],
            problems=[Problem(42, "PHONE_NUMBER", "repair", "…", "０３－１２３４－５６７８", "03-1234-5678")],
            asks=["marks"],
            offers=["zeros"],
            ready=False,
            hashing_seconds=13,
            sheets=["ユーザ", "表紙"],
        ),
        ImportProgress(4, "users", "hashing", 120, 299, 8),
        ImportDone(4, "users", "applied", 299, 299),
        ImportRows(1, 0, [ImportRow(2, "change", "sano@hokuto.example", "佐野", [ImportField("POST", "", "開発")])]),
        LastImport(undoable=True),
        ImportSheets([LoginSheet(5, "北斗精機株式会社", "森", "mori@hokuto.example", "abcd-efgh-ijkm")]),
    ),
    told={
        409: (
            "import_stale",
            "import_other_file",
            "import_interrupted",
            "import_not_ready",
            "file_not_written",
            "nothing_to_undo",
        )
    },
)
