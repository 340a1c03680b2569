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
        self.stopped = Use.NOTHING
        self.free = 0
        self.held = 0

    def require(self, use: Use) -> None:
        """Refuse a use for which there is too little room."""
        if use <= self.stopped:
            raise DiskFull()

    @property
    def low(self) -> bool:
        """Whether the disk is so full that somebody has to come."""
        return self._level >= Use.TALK

    def look(self) -> None:
        """Measure, decide what stops, and make the ballast when it is missing and there is room.

        It is never given up here: whatever fills the disk would fill its room too. It goes when a commit needs it.
        """
        with self._looking:
            self._measure()
            self._make()

    def failed(self, full: bool) -> bool:
        """The writer has met trouble with its disk, ``full`` or otherwise: whether room was made to try again."""
        with self._looking:
            try:
                gave_up = full and self._holds_database and self._give_up()
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
        wanted = self._limits.ballast if self._holds_database else 0
        if self.held == wanted or not self._limits.has_plenty(self._limits.room(self.free, self.held)):
            return
        self._ballast.unlink(missing_ok=True)
        if wanted:
            _fill(self._ballast, wanted)
        self.held = _blocks(self._ballast)


def _blocks(path: Path) -> int:
    """The bytes that a file really takes from the disk, at most its length."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 0
    return min(found.st_size, found.st_blocks * 512)


def _fill(path: Path, size: int) -> None:
    """A file of this size with real blocks under it; none when there is no room for it after all."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if sys.platform == "linux":
            os.posix_fallocate(handle, 0, size)
        else:
            for _ in range(size // MEBIBYTE):
                os.write(handle, bytes(MEBIBYTE))
        log.info("ballast.made", mb=size // MEBIBYTE)
    except OSError as problem:
        path.unlink(missing_ok=True)
        log.warning("ballast.not_made", reason=problem.strerror)
    finally:
        os.close(handle)
