"""公開範囲 (A6): who sees which field of a person, company-wide.

Name, kana, departments, titles and photo are everybody's and are not asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from server.errors import Invalid


class Visibility(StrEnum):
    """全員, 自部署と上位, 管理者のみ, 本人のみ. 管理者 are ADMIN_USER and ADMIN_ANPI; one sees oneself always."""

    EVERYBODY = "everybody"
    ABOVE = "above"
    ADMINISTRATORS = "administrators"
    SELF = "self"


FIELDS = (
    "alphabet",
    "employee_number",
    "post",
    "extension_number",
    "phone_number",
    "company_mobile_number",
    "personal_mobile_number",
    "mobile_number",
    "fax_number",
    "email1",
    "email2",
    "web_url",
    "comment",
    "remarks",
    "skill",
    "work_areas",
    "home_areas",
)
"""The fields of a person that have a 公開範囲."""

DEFAULTS: Mapping[str, Visibility] = {
    **dict.fromkeys(FIELDS, Visibility.EVERYBODY),
    "personal_mobile_number": Visibility.ADMINISTRATORS,
    "home_areas": Visibility.ADMINISTRATORS,
}


def read(kept: str) -> dict[str, Visibility]:
    """Every field's 公開範囲, from what is kept; what is not kept has its default."""
    chosen = msgspec.json.decode(kept, type=dict[str, str])
    known = {name: Visibility(value) for name, value in chosen.items() if name in DEFAULTS}
    return {**DEFAULTS, **known}


def written(chosen: Mapping[str, Visibility]) -> str:
    """What is kept: only what differs from the defaults."""
    differing = {name: value.value for name, value in sorted(chosen.items()) if value is not DEFAULTS[name]}
    return msgspec.json.encode(differing).decode()


def changed(before: Mapping[str, Visibility], asked: Mapping[str, Visibility]) -> dict[str, Visibility]:
    """All fields after these were chosen anew; a field that has no 公開範囲 is refused."""
    if not asked.keys() <= DEFAULTS.keys():
        raise Invalid("format", field="visibility")
    return {**before, **asked}
