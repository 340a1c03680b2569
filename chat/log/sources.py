"""Where a talk log lies that is to be verified: a folder, a ZIP, or one file."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, cast

EXPORT, EXPORT_SIGNATURE = "export.json", "export.sig"
MANIFEST, SEGMENT = ".manifest.json", ".jsonl"
_DAY_AND_PART = re.compile(r"(\d{8})_(\d+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A manifest or a segment by the name of its file, and the names of those that belong to it."""

    name: str

    @property
    def stem(self) -> str:
        return self.name.removesuffix(MANIFEST).removesuffix(SEGMENT)

    @property
    def segment(self) -> str:
        return self.stem + SEGMENT

    @property
    def signature(self) -> str:
        return self.stem + ".sig"


class Source(Protocol):
    """Files by name, wherever they are. It can be handed to another process."""

    @property
    def whole(self) -> bool:
        """Whether this is to be a log from its first line on, and not one part of it."""
        ...

    def names(self) -> Iterable[str]: ...

    def open(self, name: str) -> IO[bytes]: ...

    def read(self, name: str) -> bytes: ...

    def sha256(self, name: str) -> str: ...

    def manifests(self) -> list[Piece]: ...

    def segments(self) -> list[Piece]: ...

    def key(self, key: str) -> bytes | None: ...


class NoLog(Exception):
    """There is nothing here that could be a talk log."""


def source_of(path: Path) -> Source:
    """A folder, a ZIP, or one segment's file. Raises ``NoLog``."""
    found = _source_of(path)
    if not found.segments() and not found.manifests():
        raise NoLog(f"{path}: no talk log is here.")
    return found


def _source_of(path: Path) -> _Files:
    if path.is_dir():
        return Folder(path)
    if zipfile.is_zipfile(path):
        return Zip(path)
    if path.is_file():
        return Single(path)
    raise NoLog(f"{path}: there is no such file or folder.")


class _Files:
    """What the three have in common."""

    @property
    def whole(self) -> bool:
        return True

    def names(self) -> Iterable[str]:
        raise NotImplementedError

    def open(self, name: str) -> IO[bytes]:
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            return file.read()

    def sha256(self, name: str) -> str:
        digest = sha256()
        with self.open(name) as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    def manifests(self) -> list[Piece]:
        return [Piece(name) for name in sorted(self.names()) if name.endswith(MANIFEST)]

    def segments(self) -> list[Piece]:
        """In the order of their days."""
        found = [name for name in self.names() if name.endswith(SEGMENT)]
        return [Piece(name) for name in sorted(found, key=_day_and_part)]

    def key(self, key: str) -> bytes | None:
        wanted = f"{key}.pem"
        return next((self.read(name) for name in self.names() if PurePosixPath(name).name == wanted), None)


@dataclass(frozen=True)
class Folder(_Files):
    """A folder with everything below it."""

    path: Path

    @cached_property
    def _names(self) -> frozenset[str]:
        files = (each for each in self.path.rglob("*") if each.is_file())
        return frozenset(each.relative_to(self.path).as_posix() for each in files)

    def names(self) -> Iterable[str]:
        return self._names

    def open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb", buffering=0)


@dataclass(frozen=True)
class Zip(_Files):
    """A ZIP that is read as it is, without unpacking it."""

    path: Path

    @cached_property
    def _names(self) -> frozenset[str]:
        with zipfile.ZipFile(self.path) as archive:
            return frozenset(each.filename for each in archive.infolist() if not each.is_dir())

    def names(self) -> Iterable[str]:
        return self._names

    def open(self, name: str) -> IO[bytes]:
        archive = zipfile.ZipFile(self.path)
        try:
            return cast(IO[bytes], _Member(archive, archive.open(name)))
        except BaseException:
            archive.close()
            raise


class _Member:
    """A file in a ZIP, which closes the ZIP with itself."""

    def __init__(self, archive: zipfile.ZipFile, file: IO[bytes]) -> None:
        self._archive, self._file = archive, file

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def __enter__(self) -> _Member:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._archive.close()


@dataclass(frozen=True)
class Single(_Files):
    """One file of lines, with its manifest and signature if they lie beside it."""

    path: Path
    endings: tuple[str, ...] = field(default=(MANIFEST, ".sig"))

    def names(self) -> Iterable[str]:
        stem = self.path.name.removesuffix(SEGMENT)
        beside = [stem + ending for ending in self.endings]
        return [self.path.name, *(name for name in beside if (self.path.parent / name).is_file())]

    @property
    def whole(self) -> bool:
        return False

    def segments(self) -> list[Piece]:
        return [Piece(self.path.name)]

    def open(self, name: str) -> IO[bytes]:
        return (self.path.parent / name).open("rb", buffering=0)


def _day_and_part(name: str) -> tuple[str, int, str]:
    """``talk_20270401_100`` comes after ``talk_20270401_99``."""
    found = _DAY_AND_PART.search(PurePosixPath(name).name)
    return (found[1], int(found[2]), name) if found else ("", 0, name)
