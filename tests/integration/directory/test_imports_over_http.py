"""Files over HTTP: a large one is taken, what is downloaded has its name, and the operator's twins do the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from directory.imports.exporting import line
from directory.imports.operating import ExportFile, ImportFile, export_file, import_file
from server.auth.model import Privilege, operator
from tests.tools.company import hire
from tests.tools.running import running, settings_for
from tests.tools.visitor import Visitor

HEAD = ["DEPARTMENT_CODE", "DEPARTMENT_NAME"]


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path):
    async with running(settings_for(tmp_path / "var", sqlite_template)) as here:
        yield here


async def test_a_large_file_is_taken_and_an_export_has_its_name(server):
    sano = await hire(server.services, "sano", talk=False, privileges=frozenset({Privilege.ADMIN_DIVISION}))
    file = "".join(line(each) for each in [HEAD, *([f"A{n}", "部" * 90] for n in range(400))]).encode()
    assert len(file) > 64 * 1024, "this test needs more than other addresses take"
    async with Visitor(server) as browser:
        browser.cookies = {"__Host-session": sano.token}
        headers = {"Sec-Fetch-Site": "same-origin"}
        shown = await browser.ask("PUT", "/api/admin/imports/departments", headers, content=file)
        preview = msgspec.json.decode(shown.content)
        assert (preview["counts"]["add"], preview["ready"]) == (400, True)
        done = await browser.ask("PUT", f"/api/admin/imports/{preview['id']}/apply", headers, content=file)
        assert msgspec.json.decode(done.content)["state"] == "applied"
        saved = await browser.ask("GET", "/api/admin/exports/departments", headers)
        sample = await browser.ask("GET", "/api/admin/samples/departments", headers)
    assert saved.content.decode("utf-16").count("\r\n") == 401
    assert "export_department_data_" in saved.headers["content-disposition"]
    assert "%E3%80%90Sample%E3%80%91export_department_data_" in sample.headers["content-disposition"]


async def test_the_operator_imports_and_exports_files(server, tmp_path: Path):
    given, written = tmp_path / "given.tsv", tmp_path / "written.tsv"
    given.write_bytes("".join(line(each) for each in [HEAD, ["A10", "製造部"]]).encode("cp932"))
    dry = await import_file(server.services, operator(), ImportFile("departments", str(given), dry_run=True))
    assert dry[0].startswith("add 1,") and "Applied." not in dry
    said = await import_file(server.services, operator(), ImportFile("departments", str(given)))
    assert said[-1] == "Applied."
    await export_file(server.services, operator(), ExportFile("departments", str(written)))
    assert "A10\t\t製造部" in written.read_bytes().decode("utf-16")
    again = await import_file(server.services, operator(), ImportFile("departments", str(written)))
    assert again[-1] == "Nothing would change."
