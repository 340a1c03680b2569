"""What a company may decide, field by field."""

from __future__ import annotations

import pytest

from server.auth import visibility
from server.auth.company import Company
from server.auth.company_changing import CompanyChanges, LicenceChanges, changed, valid_domains, valid_scheme
from server.auth.rules import Licences
from server.auth.visibility import Visibility
from server.errors import Invalid

HOKUTO = Company("北斗精機", "abcdefgh", Licences(), purpose="業務連絡", login_domains=("hokuto.example",))


@pytest.mark.parametrize("scheme", ["tel:", "com050voipbiz://keypad?tel=", "sip:", "Callto:", "a+b-c.d:"])
def test_a_scheme_begins_as_an_address_does(scheme: str):
    assert valid_scheme(f" {scheme} ") == scheme


@pytest.mark.parametrize(
    ("scheme", "code"),
    [
        ("", "required"),
        ("tel", "format"),
        ("1tel:", "format"),
        (":", "format"),
        ("javascript:alert(1)//", "format"),
        ("JavaScript:", "format"),
        ("data:text/html,", "format"),
        ("vbscript:x", "format"),
        ("FILE:///etc/", "format"),
        ("tel: 03", "format"),
        ("java\nscript:", "format"),
        ("電話:", "format"),
        ("t" * 101 + ":", "field_too_long"),
    ],
)
def test_a_scheme_opens_nothing_but_a_way_to_call(scheme: str, code: str):
    with pytest.raises(Invalid, match=code) as refused:
        valid_scheme(scheme)
    assert refused.value.details["field"] == "phone_scheme"


def test_domains_are_kept_once_in_lower_case():
    assert valid_domains([" @Hokuto.Example", "hokuto.example", "", "b.co.jp"]) == ("hokuto.example", "b.co.jp")


@pytest.mark.parametrize("domain", ["a b", "-a.example", "a..b", "a@b.example", "ホクト.example", "a/b"])
def test_what_is_no_domain_is_refused(domain: str):
    with pytest.raises(Invalid, match="format"):
        valid_domains([domain])


def test_what_is_not_named_stays():
    after = changed(HOKUTO, CompanyChanges(licences=LicenceChanges(talk=5), visibility={"email2": Visibility.SELF}))
    assert after.licences == Licences(100, 5, 100)
    assert after.visibility == {**visibility.DEFAULTS, "email2": Visibility.SELF}
    assert (after.name, after.purpose, after.login_domains) == (HOKUTO.name, HOKUTO.purpose, HOKUTO.login_domains)


def test_a_field_without_visibility_is_refused():
    with pytest.raises(Invalid, match="format"):
        changed(HOKUTO, CompanyChanges(visibility={"name": Visibility.SELF}))


def test_only_what_differs_from_the_defaults_is_kept():
    chosen = {**visibility.DEFAULTS, "home_areas": Visibility.EVERYBODY}
    kept = visibility.written(chosen)
    assert kept == '{"home_areas":"everybody"}'
    assert visibility.read(kept) == chosen
    assert visibility.read("{}") == visibility.DEFAULTS
