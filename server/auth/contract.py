"""What administrators are promised over HTTP about company, trail and first passwords."""

from __future__ import annotations

from server.auth.admin_routes import (
    ActionFilter,
    ActionPage,
    ActionQuestion,
    ActionRow,
    AdminCompany,
    Licence,
    LicenceList,
    SheetsWish,
    SignInCode,
)
from server.auth.company_changing import CompanyChanges, LicenceChanges
from server.auth.routes import Nothing
from server.auth.sheets import LoginSheet, LoginSheets
from server.auth.visibility import DEFAULTS, Visibility
from server.contract.terms import Answer, Operation

AT = 1_795_360_009_213
CSV = "text/csv"

OPERATIONS = (
    Operation(
        "adminCompany",
        "GET",
        "/api/admin/company",
        "企業情報, for ADMIN_COMPANY",
        (Answer(200, "The company as it is", AdminCompany),),
    ),
    Operation(
        "changeCompany",
        "POST",
        "/api/admin/company",
        "Changes what is named of it; licences never sink below what is in use",
        (Answer(200, "The company as it is now", AdminCompany),),
        body=CompanyChanges,
    ),
    Operation(
        "actions",
        "GET",
        "/api/admin/actions",
        "The 操作ログ, for ADMIN_ACTION_LOG",
        (Answer(200, "At most 100 lines, the newest first", ActionPage),),
        query=ActionQuestion,
    ),
    Operation(
        "actionsFile",
        "GET",
        "/api/admin/actions.csv",
        "The same as a file for a spreadsheet: UTF-8 with its mark, CRLF",
        (Answer(200, "All lines, the newest first", media=CSV),),
        query=ActionFilter,
    ),
    Operation(
        "givePassword",
        "POST",
        "/api/admin/people/{id}/password",
        "Makes somebody a new first password, for ADMIN_USER; his sessions end",
        (Answer(200, "The sheet, told this once", LoginSheet),),
        body=Nothing,
        places={"id": 2},
    ),
    Operation(
        "giveCode",
        "POST",
        "/api/admin/people/{id}/code",
        "Makes a code of eight digits to be read out by phone, for ADMIN_USER; nothing else changes",
        (Answer(200, "The code, told this once", SignInCode),),
        body=Nothing,
        places={"id": 2},
    ),
    Operation(
        "giveSheets",
        "POST",
        "/api/admin/sheets",
        "Makes new first passwords for several people, for all of them or for none, for ADMIN_USER",
        (Answer(200, "The sheets, told this once", LoginSheets),),
        body=SheetsWish,
    ),
)

_SHEET = LoginSheet(
    id=2,
    company="北斗商事",
    name="鈴木 大輔",
    login_id="suzuki@hokuto.example",
    password="k7tm-q3wz-9xhe",
    address="https://renraku.hokuto.example",
    until=AT + 30 * 86_400_000,
)
EXAMPLES = (
    AdminCompany(
        name="北斗商事",
        group_code="tz7kq3wm",
        licences=LicenceList(Licence(288, 300), Licence(250, 300), Licence(280, 300)),
        phone_scheme="tel:",
        logo="",
        visibility=dict(DEFAULTS),
        purpose="",
        login_domains=["hokuto.example"],
    ),
    CompanyChanges(
        name="北斗商事株式会社",
        phone_scheme="com050voipbiz://keypad?tel=",
        licences=LicenceChanges(basic=300, talk=300),
        visibility={"company_mobile_number": Visibility.ABOVE},
        purpose="業務の連絡と安否の確認に使います。",
        login_domains=["hokuto.example"],
    ),
    CompanyChanges(purpose=""),
    ActionPage(
        [
            ActionRow(
                id=812,
                at=AT,
                actor="佐藤 美咲",
                action="account.change",
                result="ok",
                target="suzuki@hokuto.example",
                detail={"changed": {"talk": [False, True]}},
                address="192.0.2.7",
            )
        ],
        more=True,
    ),
    SheetsWish(people=[2, 3]),
    _SHEET,
    LoginSheets([_SHEET]),
    SignInCode(code="48210937", until=AT + 15 * 60_000),
)
TOLD = {
    400: ("code_wrong", "login_domain", "talk_log_needs_right", "too_many_values", "sheets_limit"),
    403: ("initial_expired",),
    404: ("no_company",),
    409: (
        "login_id_taken",
        "anpi_id_taken",
        "anpi_id_first",
        "anpi_id_kept",
        "anpi_admins_full",
        "user_type_without",
        "seats",
        "licence_in_use",
        "no_sign_in",
        "last_administrator",
        "not_yourself",
    ),
}
"""Codes of refusals, by status."""
