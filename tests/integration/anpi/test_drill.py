"""`renraku drill`: invented people are asked and answer, and a wrong report is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from anpi.drill.cli import tell
from anpi.drill.crowd import Wish
from anpi.drill.report import Report, lines
from anpi.drill.running import Drill, drill, prepared
from server.data.transaction import Transaction
from tests.tools.tiers import Tier

SOMEBODY = "(SELECT min(account_id) FROM anpi_targets WHERE self = 'safe' AND department_id IS NOT NULL)"


def silent(line: str) -> None:
    """Nobody reads how far it is."""


async def test_a_drill_is_right_and_rows_that_are_not_are_found(tmp_path: Path):
    wish = Wish(people=60, minutes=4, speed=200, answering=0.8, seed=3)
    async with prepared(wish, tmp_path, silent) as under_way:
        await under_way.run()
        report = await under_way.report()
        assert report.differences == []
        assert (report.asked, report.answered, report.unanswered) == (60, 48, 12)
        assert report.reached == report.mails == 59, "somebody has no company mail"
        assert report.safe + report.minor + report.major + report.other == 48
        assert sum(report.minutes) == 48
        assert sum(each.asked for each in report.departments) == 60
        times = list(report.quarters.values())
        assert 0 < times[0] < times[1] < times[2]
        assert times[3] == 0, "nine of ten never answered"

        await change(under_way, f"UPDATE anpi_targets SET self = 'major' WHERE account_id = {SOMEBODY}")
        assert await said(under_way) == {"major", "safe"}
        await change(under_way, f"UPDATE anpi_targets SET department_id = NULL WHERE account_id = {SOMEBODY}")
        assert await said(under_way) == {"major", "safe"}, "SQL counts departments by the same column"
        await change(under_way, "UPDATE anpi_targets SET first_at = first_at + 60000000")
        assert await said(under_way) >= {"25 %", "50 %", "75 %", "answers a minute"}
        await change(under_way, f"DELETE FROM anpi_counted WHERE account_id = {SOMEBODY}")
        assert await said(under_way) >= {"answered", "unanswered", "safe"}


@pytest.mark.limit(900)
async def test_most_answer_in_the_second_minute(tmp_path: Path, tier: Tier):
    people = tier(short=150, long=10_000)
    wish = Wish(people=150, minutes=5, speed=200) if people < 1000 else Wish(people=people)
    report = await drill(wish, tmp_path, silent)
    assert report.differences == []
    assert report.answered == round(people * 0.9)
    assert report.reached == report.mails == people - 1
    assert report.busiest_minute == 2


@pytest.mark.limit(120)
def test_the_command_runs_a_drill_in_a_process_of_its_own(tmp_path: Path):
    file = tmp_path / "drill.json"
    # What is set for the company does not count, above all not its database.
    own = {"RENRAKU_VAR": str(tmp_path / "var"), "RENRAKU_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/company"}
    environment = {**os.environ, **own, "RENRAKU_PUBLIC_URL": "https://hokuto.example"}
    words = ["drill", "--people", "20", "--minutes", "3", "--speed", "60", "--json", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "対象者" in done.stdout and "一致しました" in done.stdout
    assert json.loads(file.read_bytes())["answered"] == 18
    assert [each.name for each in tmp_path.iterdir()] == ["drill.json"], "nothing else was made"


def test_a_wrong_report_ends_with_1_and_says_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    tell(right(), "ja", tmp_path / "drill.json")
    assert json.loads((tmp_path / "drill.json").read_bytes())["minutes"] == [3, 9, 4]
    wrong = right()
    wrong.differences = ["safe: the report says 15, SQL counts 14"]
    with pytest.raises(SystemExit) as ended:
        tell(wrong, "en", None)
    assert ended.value.code == 1
    assert "safe: the report says 15, SQL counts 14" in capsys.readouterr().out


def test_the_report_is_written_in_both_languages():
    japanese, english = lines(right(), "ja"), lines(right(), "en")
    assert len(japanese) == len(english)
    assert any("2分目（9人）" in line for line in japanese)
    assert any("minute 2 (9 people)" in line for line in english)
    assert any("after 1 min 35 s" in line for line in english)


def right() -> Report:
    return Report(
        asked=20,
        reached=19,
        answered=16,
        unanswered=4,
        safe=15,
        minor=1,
        major=0,
        other=0,
        help=0,
        doubtful=0,
        quarters={"25": 71.0, "50": 95.2, "75": 160.0, "90": 0.0},
        busiest_minute=2,
        minutes=[3, 9, 4],
        departments=[],
        mails=19,
        mail_seconds=0.2,
        differences=[],
    )


async def change(under_way: Drill, statement: str) -> None:
    """Behind the product's back."""

    def run(tx: Transaction) -> None:
        assert tx.connection.execute(text(statement)).rowcount

    await under_way.services.writer.act(run)


async def said(under_way: Drill) -> set[str]:
    """What is found to differ."""
    report = await under_way.report()
    return {each.partition(":")[0] for each in report.differences}
