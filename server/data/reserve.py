"""Watches the disk of the data folder, and holds the ballast: real blocks that make room for the last answers.

Looked at every few seconds by the probe (``server/health.py``), and by the writer when the disk has failed it.
Whoever uses room asks ``require``, which reads an attribute and nothing else.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from server.data.space import MEBIBYTE, DiskFull, Limits, Use

BALLAST = "ballast"

log = structlog.get_logger()


def free_bytes(folder: Path) -> int:
    """What a process without privileges may still write there."""
    return shutil.disk_usage(folder).free


class Space:
    """The room on one disk. ``holds_database``: whether talk and answers are written there."""

    def __init__(
        self, folder: Path, limits: Limits, *, holds_database: bool, free: Callable[[Path], int] = free_bytes
    ) -> None:
        self._folder = folder
        self._ballast = folder / BALLAST
        self._limits = limits
        self._holds_database = holds_database
        self._free = free
        # The probe and the writer look from threads of their own.
        self._looking = threading.Lock()
        self._level = Use.NOTHING
        self._wanted = limits.ballast if holds_database else 0
        # Fewer where the disk gives a file fewer blocks than it has bytes.
        self._enough = self._wanted
        self.stopped = Use.NOTHING
        self.free = 0
        self.held = 0

    def require(self, use: Use) -> None:
        """Refuse a use for which there is too little room."""
        if use <= self.stopped:
            raise DiskFull()

    def require_room(self, size: int) -> None:
        """Refuse an upload that would touch the reserve: this disk is asked, and now."""
        self.require(Use.UPLOADS)
        if self._limits.room(self._free(self._folder), self.held) - size < self._limits.reserve:
            raise DiskFull()

    @property
    def low(self) -> bool:
        """Whether the disk is so full that something stops which others wait for."""
        return self.stopped >= Use.TALK

    def look(self) -> None:
        """Measure, decide what stops, and make the ballast when it is missing and there is room.

        It is never given up here: whatever fills the disk would fill its room too. It goes when a commit needs it.
        """
        with self._looking:
            self._measure()
            self._make()

    def failed(self, spend: bool) -> bool:
        """The writer has met trouble with its disk: whether room was made to try again.

        ``spend``: room was missing, and for something for which the ballast may be given up.
        """
        with self._looking:
            try:
                gave_up = spend and self._holds_database and self._give_up()
                self._measure()
            except OSError as problem:
                log.warning("space.unknown", reason=problem.strerror)
                return False
        return gave_up

    def _measure(self) -> None:
        self.held = _blocks(self._ballast)
        self.free = self._free(self._folder)
        level = self._limits.stopped(self._limits.room(self.free, self.held))
        if level > self._level:
            log.warning("space.short", stopped=level.name.lower(), free_mb=self.free // MEBIBYTE)
        elif level < self._level:
            log.info("space.wider", stopped=level.name.lower(), free_mb=self.free // MEBIBYTE)
        self._level = level
        # Elsewhere is the database's own disk: ours says nothing about it.
        self.stopped = level if self._holds_database else min(level, Use.UPLOADS)

    def _give_up(self) -> bool:
        """Whether there was a ballast to give up."""
        held = _blocks(self._ballast)
        self._ballast.unlink(missing_ok=True)
        if held:
            log.warning("ballast.given_up", mb=held // MEBIBYTE)
        self.held = 0
        return held > 0

    def _make(self) -> None:
        there = self._enough <= self.held <= self._wanted
        if there or not self._limits.has_plenty(self._limits.room(self.free, self.held)):
            return
        self._ballast.unlink(missing_ok=True)
        if self._wanted and _fill(self._ballast, self._wanted):
            self._weigh()
        self.held = _blocks(self._ballast)

    def _weigh(self) -> None:
        """Whatever blocks a whole file has got are enough: another one would have no more."""
        found = _blocks(self._ballast)
        if found < self._enough:
            log.warning("ballast.light", mb=found // MEBIBYTE, wanted_mb=self._wanted // MEBIBYTE)
            self._enough = min(found, 1)


def _blocks(path: Path) -> int:
    """The bytes that a file really takes from the disk, at most its length."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 0
    return min(found.st_size, found.st_blocks * 512)


def _fill(path: Path, size: int) -> bool:
    """Make a file of this size with real blocks under it; none when there is no room for it after all."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if sys.platform == "linux":
            os.posix_fallocate(handle, 0, size)
        # Where zeros are kept as holes, or compressed away, only noise takes room.
        if _blocks(path) < size:
            _fill_with_noise(handle, size)
        log.info("ballast.made", mb=size // MEBIBYTE)
        return True
    except OSError as problem:
        path.unlink(missing_ok=True)
        log.warning("ballast.not_made", reason=problem.strerror)
        return False
    finally:
        os.close(handle)


def _fill_with_noise(handle: int, size: int) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    with open(handle, "wb", closefd=False) as file:
        for start in range(0, size, MEBIBYTE):
            file.write(os.urandom(min(MEBIBYTE, size - start)))
    # Some count a file's blocks only when they are on the disk.
    os.fsync(handle)
