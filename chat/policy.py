"""What files may travel (S12, S13, A8): the verdict on a name and on what is known of a file. Pure.

No bytes are read here: asked again when a message is sent, the same facts give the verdict of the policy of then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chat.files import names
from chat.files.extensions import ARCHIVES, LISTED
from chat.files.facts import Archive, Facts
from chat.files.limits import MOST_FRAMES, MOST_PIXELS, MOST_PIXELS_IN_ALL
from server.errors import AppError, Forbidden, Invalid

Mode = Literal["default", "images", "off"]
Choice = Literal["send", "refuse"]

IMAGES: Mapping[str, str] = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
"""「画像のみ許可」: the four extensions, and what the bytes must be."""
_TYPES = {"image/jpeg": "jpeg", "image/png": "png", "image/gif": "gif"}

HEIC = frozenset({"image/heic", "image/heif"})
_HEIC_ENDINGS = frozenset({"heic", "heif", "hif"})

REFUSED_MAGIC = frozenset(
    {
        "application/vnd.microsoft.portable-executable",
        "application/x-msi",
        "application/x-ms-shortcut",
        "application/vnd.ms-htmlhelp",
        "application/vnd.ms-cab-compressed",
        "application/x-iso9660-image",
        "application/java-archive",
        "application/vnd.android.package-archive",
    }
)
"""The answers of libmagic that refuse. Exactly these: it calls a hundredth of all random bytes x-dosexec."""

UNLISTED = frozenset({"elf", "macho", "class", "script"})
"""Executables of other systems than the 39's: refused only when the administrator says so."""


@dataclass(frozen=True, slots=True)
class Policy:
    """送信出来るファイル種別, and what may be chosen besides. The defaults are the manual's."""

    mode: Mode = "default"
    extra: frozenset[str] = frozenset()
    look_inside: bool = True
    """「ZIPの中のファイル名も確認する」"""
    uninspected: Choice = "send"
    """Archives that cannot be listed."""
    executables: Choice = "send"
    """Those of other systems."""

    @property
    def refused(self) -> frozenset[str]:
        """Every extension that may not be sent."""
        return _LISTED | self.extra


_LISTED = frozenset(LISTED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it may be sent; if not, the ``rule`` that hit, and the refusal's ``code`` and ``details``.
    ``uninspected``: it may, with 「中身は検査されていません」."""

    ok: bool = True
    rule: str = ""
    code: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    uninspected: bool = False


def judge_name(policy: Policy, name: str) -> Verdict:
    """Asked when an upload begins: whether anything that is called so may be sent at all."""
    if policy.mode == "off":
        return _refused("mode", Forbidden("file_disabled"))
    try:
        names.shown_name(name)
    except names.FileName as problem:
        return _refused("control", problem)
    ending = names.extension(name)
    if policy.mode == "images" and ending not in IMAGES:
        return _refused("image", _no_image(ending in _HEIC_ENDINGS))
    if ending in policy.refused:
        return _refused("name", Invalid("file_blocked", ext=ending))
    return Verdict()


def judge(policy: Policy, name: str, facts: Facts) -> Verdict:
    """The verdict on a file that is there, by its name and its facts."""
    found = judge_name(policy, name)
    if found.ok:
        found = _content(policy, facts)
    if found.ok and policy.mode == "images":
        found = _image(names.extension(name), facts)
    if found.ok and facts.archive is not None:
        found = _archive(policy, facts.archive)
    if found.ok and (facts.unread or _says_archive(name, facts)):
        return _unseen(policy)
    return found


def refusal(verdict: Verdict) -> AppError:
    """What is raised for a verdict that refuses."""
    kind = Forbidden if verdict.rule == "mode" else Invalid
    return kind(verdict.code, **verdict.details)


def _refused(rule: str, why: AppError) -> Verdict:
    return Verdict(False, rule, why.code, why.details)


INFECTED = _refused("av", Invalid("file_infected"))
"""What a virus scanner's finding comes to, under every policy."""


def _no_image(heic: bool) -> AppError:
    """A phone's own format has a way out, and its sentence says it."""
    return Invalid("file_heic") if heic else Invalid("file_not_image")


def _content(policy: Policy, facts: Facts) -> Verdict:
    for kind in facts.kinds:
        if kind not in UNLISTED:
            return _refused(f"content:{kind}", Invalid("file_disguised", kind=kind))
        if policy.executables == "refuse":
            return _refused("unlisted", Invalid("file_disguised", kind=kind))
    if facts.magic in REFUSED_MAGIC:
        return _refused(f"content:magic:{facts.magic}", Invalid("file_disguised", kind=facts.magic))
    return Verdict()


def _archive(policy: Policy, archive: Archive) -> Verdict:
    if policy.look_inside:
        refused = policy.refused
        for ending, member in archive.endings.items():
            if ending in refused:
                return _refused("archive", Invalid("file_archive", member=member or f"*.{ending}"))
    # What is not looked into when nobody wants to know is not spoken of either.
    hidden = archive.hidden and (policy.look_inside or archive.form != "zip")
    return _unseen(policy) if hidden else Verdict()


def _says_archive(name: str, facts: Facts) -> bool:
    """Called an archive, and none that is known: a program may know it all the same."""
    return facts.archive is None and not facts.text and names.extension(name) in ARCHIVES


def _unseen(policy: Policy) -> Verdict:
    if policy.uninspected == "refuse":
        return _refused("uninspected", Invalid("file_uninspected"))
    return Verdict(uninspected=True)


def _image(ending: str, facts: Facts) -> Verdict:
    """「画像のみ許可」: the bytes decode, as that which the name says."""
    picture = facts.picture
    if picture is None or picture.fault == "type":
        return _refused("image", _no_image(facts.media in HEIC))
    if picture.fault == "pixels":
        return _refused("decode", Invalid("file_pixels", limit=MOST_PIXELS // 10_000))
    if picture.fault == "frames":
        return _refused("decode", Invalid("file_frames", limit=MOST_FRAMES, pixels=MOST_PIXELS_IN_ALL // 10_000))
    if picture.fault:
        return _refused("decode", Invalid("file_damaged"))
    if picture.media != IMAGES[ending]:
        told = {"ext": ending, "is": _TYPES.get(picture.media, "?")}
        return _refused("image", Invalid("file_wrong_extension", **told))
    return Verdict()
