"""The guard of the disk: it measures, makes the ballast, gives it up, and refuses by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import structlog

from server.data import reserve
from server.data.reserve import Space
from server.data.space import MEBIBYTE, DiskFull, Limits, Use

LIMITS = Limits(reserve=8 * MEBIBYTE, ballast=2 * MEBIBYTE)


class Disk:
    """A disk of which we say how much is free."""

    def __init__(self, folder: Path, *, holds_database: bool = True, limits: Limits = LIMITS) -> None:
        self.free = 100 * MEBIBYTE
        self.ballast = folder / "ballast"
        self.space = Space(folder, limits, holds_database=holds_database, free=lambda _: self.free)

    def allowed(self) -> set[Use]:
        self.space.look()
        return {use for use in (Use.UPLOADS, Use.TALK, Use.ANSWERS) if not self._refused(use)}

    def _refused(self, use: Use) -> bool:
        try:
            self.space.require(use)
        except DiskFull as refusal:
            assert refusal.code == "disk_full"
            return True
        return False


def test_uploads_stop_first_then_talk_and_answers_go_on(tmp_path: Path):
    disk = Disk(tmp_path)
    assert disk.allowed() == {Use.UPLOADS, Use.TALK, Use.ANSWERS}
    disk.free = 7 * MEBIBYTE
    assert disk.allowed() == {Use.TALK, Use.ANSWERS} and not disk.space.low
    disk.free = 1 * MEBIBYTE
    assert disk.allowed() == {Use.ANSWERS} and disk.space.low
    disk.free = 100 * MEBIBYTE
    assert disk.allowed() == {Use.UPLOADS, Use.TALK, Use.ANSWERS} and not disk.space.low


def test_the_ballast_has_real_blocks_and_comes_back_after_it_was_given_up(tmp_path: Path):
    disk = Disk(tmp_path)
    disk.space.look()
    assert disk.ballast.stat().st_blocks * 512 >= LIMITS.ballast and disk.ballast.stat().st_mode & 0o777 == 0o600

    disk.free = 0
    assert disk.space.failed(spend=True) is True, "room was made: try again"
    assert not disk.ballast.exists()
    assert disk.space.failed(spend=True) is False, "there is no more to give"
    with pytest.raises(DiskFull):
        disk.space.require(Use.TALK)

    disk.free = LIMITS.ballast + MEBIBYTE
    disk.space.look()
    assert not disk.ballast.exists(), "not yet plenty"
    disk.free = 100 * MEBIBYTE
    disk.space.look()
    assert disk.space.held == LIMITS.ballast and disk.ballast.exists()


def test_trouble_for_which_it_may_not_be_spent_keeps_the_ballast(tmp_path: Path):
    disk = Disk(tmp_path)
    disk.space.look()
    assert disk.space.failed(spend=False) is False
    assert disk.ballast.exists()


def test_another_size_makes_it_anew_and_none_removes_it(tmp_path: Path):
    Disk(tmp_path).space.look()
    Disk(tmp_path, limits=Limits(LIMITS.reserve, MEBIBYTE)).space.look()
    assert (tmp_path / "ballast").stat().st_size == MEBIBYTE
    Disk(tmp_path, limits=Limits(LIMITS.reserve, 0)).space.look()
    assert not (tmp_path / "ballast").exists()


def as_a_hole(handle: int, start: int, size: int) -> None:
    os.truncate(handle, start + size)


def test_where_zeros_take_no_room_it_is_filled_with_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "posix_fallocate", as_a_hole)
    disk = Disk(tmp_path)
    disk.space.look()
    assert disk.space.held == LIMITS.ballast
    assert len(set(disk.ballast.read_bytes()[:4096])) > 200


@pytest.mark.parametrize("got", [0, MEBIBYTE])
def test_a_ballast_that_gets_fewer_blocks_is_made_once_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, got: int
):
    monkeypatch.setattr(reserve, "_blocks", lambda path: got if path.exists() else 0)
    disk = Disk(tmp_path)
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            disk.space.look()
    events = [line["event"] for line in lines]
    assert (events.count("ballast.made"), events.count("ballast.light")) == (1, 1)
    assert disk.space.held == got


def test_with_the_database_elsewhere_only_uploads_stop(tmp_path: Path):
    disk = Disk(tmp_path, holds_database=False, limits=Limits(LIMITS.reserve, 0))
    disk.free = 0
    assert disk.allowed() == {Use.TALK, Use.ANSWERS}
    assert not disk.space.low and not disk.ballast.exists(), "nothing stops for which somebody would have to come"


def test_a_disk_that_cannot_be_asked_does_not_stop_the_writer(tmp_path: Path):
    def gone(_: Path) -> int:
        raise OSError(5, "Input/output error")

    assert Space(tmp_path, LIMITS, holds_database=True, free=gone).failed(spend=True) is False
