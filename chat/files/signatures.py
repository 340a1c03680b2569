"""What the first bytes, a few fixed places and the last bytes of a file say: a table of our own. Pure.

A kind that stands here is what the bytes are, whatever the name says. What cannot be told from harmless files of
the same format (mde and mdb, lib and a, com, scripts) is left to the extension.
"""

from __future__ import annotations

from chat.files.facts import UNKNOWN_MEDIA
from chat.files.source import Source

HEAD_BYTES = 4096
KOLY_BYTES = 512
"""The trailer of an Apple disk image."""

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_TAIL = bytes.fromhex("00000000c000000000000046")
_OLE_KINDS = {0x000C1084: "msi", 0x000C1086: "msp", 0x000C1082: "mst"}
"""What the root of a compound file says that it is."""
_LNK = bytes.fromhex("4c0000000114020000000000c000000000000046")
_NEW_HEADERS = {b"PE\0\0": "pe", b"NE": "ne", b"LE": "le", b"LX": "le"}
_DISC_PLACES = (32769, 34817, 36865)
_DISC = {b"CD001": "iso", b"BEA01": "udf", b"NSR02": "udf", b"NSR03": "udf"}
_MACHO = {bytes.fromhex(each) for each in ("feedface", "feedfacf", "cefaedfe", "cffaedfe")}
_FAT = bytes.fromhex("cafebabe")
_MOST_ARCHITECTURES = 30
"""A fat Mach-O file names how many it has where a Java class has its version, 45 or more."""

_MEDIA = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"PK\x07\x08PK\x03\x04", "application/zip"),
    (b"PK00PK\x03\x04", "application/zip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"\x1f\x9d", "application/x-compress"),
    (b"LZIP", "application/x-lzip"),
    (b"\x04\x22\x4d\x18", "application/x-lz4"),
    (b"MSWIM\0\0\0", "application/x-ms-wim"),
    (b"xar!", "application/x-xar"),
    (b"\x60\xea", "application/x-arj"),
    (b"OggS", "application/ogg"),
    (b"ID3", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/vnd.wave", b"AVI ": "video/x-msvideo"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif", b"qt  ": "video/quicktime"}

UNLISTABLE = {
    "application/x-7z-compressed": "7z",
    "application/vnd.rar": "rar",
    "application/gzip": "gzip",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
    "application/zstd": "zstd",
    "application/x-compress": "compress",
    "application/x-lzip": "lzip",
    "application/x-lz4": "lz4",
    "application/x-ms-wim": "wim",
    "application/x-xar": "xar",
    "application/x-arj": "arj",
    "application/x-lzh-compressed": "lzh",
    "application/x-tar": "tar",
}
"""Archives of which no list is read."""

_SCRIPT_START = b"#@~^"
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# Tab, line feed, form feed, carriage return, end of an old file, escape (ISO-2022-JP).
_TEXT_CONTROLS = frozenset((9, 10, 12, 13, 26, 27))
_BINARY = bytes(each for each in range(32) if each not in _TEXT_CONTROLS) + b"\x7f"


def kinds_of(source: Source, head: bytes) -> list[str]:
    """The executable formats that these bytes are, those of the 39 extensions first."""
    found = [_dos(source, head), _compound(source, head), _plain(head), _disc(source)]
    if source.size >= KOLY_BYTES and source.read(source.size - KOLY_BYTES, 4) == b"koly":
        found.append("dmg")
    found.append(_elsewhere(head))
    return [kind for kind in found if kind]


def media_of(head: bytes) -> str:
    """What it is shown as, as far as the first bytes tell."""
    for start, media in _MEDIA:
        if head.startswith(start):
            return media
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], UNKNOWN_MEDIA)
    if head[4:8] == b"ftyp":
        return _film(head)
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if head[2:5] == b"-lh" and head[6:7] == b"-":
        return "application/x-lzh-compressed"
    return UNKNOWN_MEDIA


def is_text(head: bytes, whole: bool) -> bool:
    """Whether it begins as a text does; ``whole``: the head is all of it.

    Whoever believes text to be something else asks much of libmagic: eight kilobytes of line ends take it a third
    of a second.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return _decodes(head[len(mark) :], encoding, whole)
    if not head or head.translate(None, _BINARY) != head:
        return False
    return _decodes(head, "utf-8", whole) or _decodes(head, "cp932", whole)


def _decodes(head: bytes, encoding: str, whole: bool) -> bool:
    # A letter may be cut in two at the end.
    for cut in range(1 if whole else 4):
        try:
            text = head[: len(head) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return "\0" not in text
    return False


def _dos(source: Source, head: bytes) -> str:
    if head[:2] not in (b"MZ", b"ZM"):
        return ""
    place = int.from_bytes(head[0x3C:0x40], "little") if len(head) >= 0x40 else 0
    found = source.read(place, 4) if place else b""
    kind = _NEW_HEADERS.get(found) or _NEW_HEADERS.get(found[:2], "")
    if kind:
        return kind
    # "MZ世代のアンケート" is a note.
    return "" if is_text(head, len(head) == source.size) else "mz"


def _compound(source: Source, head: bytes) -> str:
    if not head.startswith(_OLE) or len(head) < 0x34:
        return ""
    shift = int.from_bytes(head[0x1E:0x20], "little")
    sector = int.from_bytes(head[0x30:0x34], "little")
    if shift not in (9, 12):
        return ""
    name = source.read(((sector + 1) << shift) + 0x50, 16)
    if name[4:] != _OLE_TAIL:
        return ""
    return _OLE_KINDS.get(int.from_bytes(name[:4], "little"), "")


def _plain(head: bytes) -> str:
    if head.startswith(_LNK):
        return "lnk"
    if head.startswith(b"ITSF"):
        return "chm"
    if head.startswith(b"MSCF\0\0\0\0"):
        return "cab"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    wide = head.removeprefix(b"\xff\xfe").lstrip(b"\r\n\t \0")
    if start.startswith(_SCRIPT_START) or wide.startswith(_SCRIPT_START.decode().encode("utf-16-le")):
        return "enc_script"
    return ""


def _disc(source: Source) -> str:
    if source.size < _DISC_PLACES[0]:
        return ""
    # One reading: the three places lie within a few kilobytes.
    first = _DISC_PLACES[0]
    part = source.read(first, _DISC_PLACES[-1] + 5 - first)
    for place in _DISC_PLACES:
        if kind := _DISC.get(part[place - first : place - first + 5]):
            return kind
    return ""


def _elsewhere(head: bytes) -> str:
    """Executables of other systems; none of the 39."""
    if head.startswith(b"\x7fELF"):
        return "elf"
    if head[:4] in _MACHO:
        return "macho"
    if head.startswith(_FAT) and len(head) >= 8:
        return "macho" if 0 < int.from_bytes(head[4:8], "big") < _MOST_ARCHITECTURES else "class"
    if head.startswith(b"#!") and head[2:].lstrip(b" \t").startswith(b"/"):
        return "script"
    return ""


def _film(head: bytes) -> str:
    major = head[8:12]
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {major, *(head[at : at + 4] for at in range(16, length - 3, 4))}
    if major in _BRANDS:
        return _BRANDS[major]
    if brands & _HEIC_BRANDS:
        return "image/heic"
    if major in (b"mif1", b"msf1"):
        return "image/avif" if b"avif" in brands else "image/heif"
    return "video/mp4"
