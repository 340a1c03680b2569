"""What the face promises to strangers: the pages, and the forms that they send."""

from __future__ import annotations

from msgspec import Struct

from server.contract.terms import HTML, Answer, Contract, Operation


class SignIn(Struct, omit_defaults=True):
    """The form of the sign-in page. ``next`` is a path of this server to go to."""

    login_id: str
    password: str
    next: str = ""


class NewPassword(Struct, omit_defaults=True):
    """The form for one's own password: the current one, and the new one twice."""

    current: str
    new: str
    again: str
    next: str = ""


class SignInByCode(Struct, omit_defaults=True):
    """The form for a code that was read out: first without a password, then with the new one twice."""

    login_id: str
    code: str
    new: str = ""
    again: str = ""


class Agreed(Struct, omit_defaults=True):
    """The form under the purpose of use: sending it accepts it."""

    next: str = ""


class FirstRun(Struct):
    """The form of the first run: the setup code, the company, its first administrator, and his password twice."""

    code: str
    company: str
    name: str
    kana: str
    login_id: str
    password: str
    again: str


class LetterFor(Struct):
    """What the 開通案内 shall hold besides the address: the password, or nothing."""

    password: str = ""


class Asked(Struct, omit_defaults=True):
    """What a page's address may say: where to go afterwards, the language, which is remembered, and a login ID to be
    filled in."""

    next: str = ""
    lang: str = ""
    login_id: str = ""


class SiteOf(Struct, omit_defaults=True):
    """Whose site it is: ``C`` is the 団体コード of the 開通案内."""

    C: str = ""


COOKIE = {"Set-Cookie": "The session's cookie: keep it, and send it with every request and with the socket"}
WHERE = {"Location": "Where to go on"}
PAGE = Answer(200, "The page", media=HTML)
AWAY = Answer(303, "To where it goes on: /signin, or /password", headers=WHERE)
THE_APP = (
    Answer(200, "The app, which finds its way by the address", media=HTML),
    AWAY,
    Answer(503, "The app has not been built", media=HTML),
)
AGAIN = Answer(400, "The page again, with the reason", media=HTML)
SLOWER = Answer(429, "The page again: too many attempts, or too much to do", media=HTML)

OPERATIONS = (
    Operation(
        "signInPage",
        "GET",
        "/signin",
        "The form; who is signed in is sent on",
        (PAGE, Answer(303, "Signed in already", headers=WHERE)),
        signed_in=False,
        query=Asked,
    ),
    Operation(
        "signIn",
        "POST",
        "/signin",
        "Signs in",
        (Answer(303, "Signed in: to next, / or /password", headers={**WHERE, **COOKIE}), AGAIN, SLOWER),
        signed_in=False,
        form=SignIn,
    ),
    Operation(
        "signOut",
        "POST",
        "/signout",
        "Ends the session, drops the cookie",
        (Answer(303, "To /signin", headers=WHERE),),
        signed_in=False,
    ),
    Operation("passwordPage", "GET", "/password", "The form for one's own password", (PAGE, AWAY), query=Asked),
    Operation(
        "changePassword",
        "POST",
        "/password",
        "Changes it; all other sessions end, this one goes on under a new cookie",
        (Answer(303, "Changed: to next or /", headers={**WHERE, **COOKIE}), AGAIN, SLOWER),
        form=NewPassword,
    ),
    Operation(
        "codePage",
        "GET",
        "/code",
        "The form for a code that was read out by phone",
        (PAGE,),
        signed_in=False,
        query=Asked,
    ),
    Operation(
        "signInByCode",
        "POST",
        "/code",
        "Without a password: looks at the code. With one: sets it, uses the code up, signs in; older sessions end",
        (
            Answer(200, "The code works: the form for the new password", media=HTML),
            Answer(303, "Signed in: to /", headers={**WHERE, **COOKIE}),
            AGAIN,
            SLOWER,
        ),
        signed_in=False,
        form=SignInByCode,
    ),
    Operation(
        "purposePage",
        "GET",
        "/agree",
        "The purpose of use, while it has not been accepted",
        (PAGE, AWAY),
        query=Asked,
    ),
    Operation(
        "agree",
        "POST",
        "/agree",
        "Accepts the purpose of use; asked once",
        (Answer(303, "To next or /", headers=WHERE),),
        form=Agreed,
    ),
    Operation(
        "setupPage",
        "GET",
        "/setup",
        "The form of the first run; as soon as there is anybody there is no such page",
        (PAGE,),
        signed_in=False,
    ),
    Operation(
        "setUp",
        "POST",
        "/setup",
        "Makes the company and its first administrator, who is signed in",
        (Answer(200, "The page with what he needs to know", media=HTML, headers=COOKIE), AGAIN),
        signed_in=False,
        form=FirstRun,
    ),
    Operation(
        "letter",
        "POST",
        "/welcome",
        "What he needs to know as a text file; for who administers the company",
        (Answer(200, "The file", media="text/plain"),),
        form=LetterFor,
    ),
    Operation("app", "GET", "/", "The app", THE_APP),
    Operation("talk", "GET", "/talk", "The app, at the list of rooms", THE_APP),
    Operation("room", "GET", "/talk/{channel}", "The app, at a room", THE_APP, places={"channel": 1}),
    Operation("settings", "GET", "/settings", "The app, at one's own settings", THE_APP),
    Operation("ownProfile", "GET", "/settings/profile", "The app, at one's own profile", THE_APP),
    Operation("directoryPage", "GET", "/directory", "The app, at 社内電話帳", THE_APP),
    Operation("personPage", "GET", "/directory/{person}", "The app, at a person", THE_APP, places={"person": 1}),
    Operation("groupsPage", "GET", "/groups", "The app, at グループ電話帳", THE_APP),
    Operation(
        "groupPage", "GET", "/groups/{group}", "The app, at a group; 0: favourites", THE_APP, places={"group": 1}
    ),
    Operation(
        "groupPersonPage",
        "GET",
        "/groups/{group}/{person}",
        "The app, at a person of a group",
        THE_APP,
        places={"group": 1, "person": 1},
    ),
    Operation("administration", "GET", "/admin", "The app, at 管理", THE_APP),
    Operation(
        "administrationPart", "GET", "/admin/{path}", "The app, in a part of 管理", THE_APP, places={"path": "users"}
    ),
    Operation(
        "safetyCheck",
        "GET",
        "/anpi",
        "The app, at 安否確認; with a 団体コード: its site (a wrong one is told after signing in)",
        (
            THE_APP[0],
            Answer(303, "To /signin or /password; the code is right: to /anpi", headers=WHERE),
            THE_APP[2],
            Answer(404, "The 団体コード is wrong", media=HTML),
        ),
        query=SiteOf,
    ),
    Operation(
        "safetyCheckPart",
        "GET",
        "/anpi/{path}",
        "The app, in a part of 安否確認",
        THE_APP,
        places={"path": "incidents"},
    ),
    Operation("talkLogPage", "GET", "/talk-log", "The app, at トークログダウンロード", THE_APP),
    Operation(
        "asset",
        "GET",
        "/assets/{name}",
        "A file of the built app; names hold a hash, so it may be kept for a year",
        (Answer(200, "The file", media="*/*"),),
        signed_in=False,
        places={"name": "index-4f2c1a90.js"},
    ),
    Operation(
        "serviceWorker",
        "GET",
        "/sw.js",
        "The service worker: shows what is pushed, keeps nothing",
        (Answer(200, "The script", media="text/javascript"),),
        signed_in=False,
    ),
    Operation(
        "pageFile",
        "GET",
        "/static/{path}",
        "Style, script and icon of the pages without building",
        (Answer(200, "The file", media="*/*"),),
        signed_in=False,
        places={"path": "page.css"},
    ),
)

CONTRACT = Contract(
    operations=OPERATIONS,
    examples=(
        SignIn(login_id="sato@hokuto.example", password="horse battery 7", next="/talk"),
        FirstRun(
            code="tama-kumo-7291",
            company="北斗商事",
            name="佐藤 美咲",
            kana="さとう みさき",
            login_id="sato@hokuto.example",
            password="horse battery 7",
            again="horse battery 7",
        ),
        SignInByCode(login_id="suzuki@hokuto.example", code="4821-0937"),
        SignInByCode(
            login_id="suzuki@hokuto.example",
            code="4821-0937",
            new="seven correct staples",
            again="seven correct staples",
        ),
        Agreed(next="/talk"),
        LetterFor(password="horse battery 7"),
        NewPassword(current="horse battery 7", new="seven correct staples", again="seven correct staples"),
    ),
    told={400: ("password_differs",)},
)
