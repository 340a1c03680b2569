"""The demo company as an administrator would send it: two tables of tab-separated values, as Excel writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from directory.demo.departments import Department
from directory.demo.people import Person

DEPARTMENT_COLUMNS = (
    "MODE",
    "DEPARTMENT_CODE",
    "PARENT_DEPARTMENT_CODE",
    "DEPARTMENT_NAME",
    "DEPARTMENT_NAME_KANA",
    "DEPARTMENT_NAME_ALPHABET",
    "PHONE_NUMBER",
    "URL",
    "SORT_SCORE",
)
USER_COLUMNS = (
    "MODE",
    "LOGIN_ID",
    "PASSWORD",
    "INITIAL_PASSWORD_FORCE_CHANGE",
    "USER_TYPE",
    "ENABLED",
    "NAME",
    "NAME_KANA",
    "NAME_ALPHABET",
    "EMPLOYEE_NUMBER",
    "DEPARTMENT_CODE",
    "POSITION",
    "POST",
    "EXTENSION_NUMBER",
    "PHONE_NUMBER",
    "COMPANY_MOBILE_NUMBER",
    "PERSONAL_MOBILE_NUMBER",
    "MOBILE_NUMBER",
    "FAX_NUMBER",
    "Email 1",
    "Email 2",
    "WEB_URL",
    "COMMENT",
    "REMARKS",
    "SKILL",
    "SORT_SCORE",
    "PRIVILEGES",
    "TALK_AVAILABLE",
    "TALK_LOG_DOWNLOAD_AVAILABLE",
    "ANPI_LOGIN_ID",
    "WORK_AREA",
    "HOME_AREA",
    "LANGUAGE",
)


def departments_tsv(departments: Sequence[Department]) -> str:
    """A table that can be imported as it is; encode it as the test wants it."""
    return _table(DEPARTMENT_COLUMNS, map(_department, departments))


def users_tsv(people: Sequence[Person], password: str = "") -> str:
    """The same for people. An import adds nobody without a password: everybody gets the one that is given."""
    return _table(USER_COLUMNS, (_user(person, password) for person in people))


def _department(each: Department) -> list[str]:
    score = str(each.sort_score)
    return ["U", each.code, each.parent, each.name, each.kana, each.alphabet, each.phone_number, "", score]


def _user(person: Person, password: str) -> list[str]:
    return [
        "U",
        person.login_id,
        password,
        "1" if password else "",
        person.user_type,
        _flag(person.enabled),
        person.name,
        person.kana,
        person.alphabet,
        person.employee_number,
        ";".join(post.department for post in person.posts),
        ";".join(post.title for post in person.posts) if any(post.title for post in person.posts) else "",
        person.post,
        person.extension_number,
        person.phone_number,
        person.company_mobile_number,
        person.personal_mobile_number,
        person.mobile_number,
        person.fax_number,
        person.email1,
        person.email2,
        person.web_url,
        person.comment,
        person.remarks,
        person.skill,
        "" if person.sort_score is None else str(person.sort_score),
        ";".join(person.privileges),
        _flag(person.talk),
        _flag(person.talk_log),
        person.anpi_login_id,
        ";".join(area.given for area in person.work_areas),
        ";".join(area.given for area in person.home_areas),
        person.language,
    ]


def _flag(on: bool) -> str:
    return "1" if on else "0"


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    # No value of the demo holds a tab, a quote or a line break.
    return "".join("\t".join(row) + "\r\n" for row in (heading, *rows))
