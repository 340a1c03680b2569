"""Story 4: what files may travel, with the product's words; and two people who see it live."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, ImageOps
from playwright.async_api import Locator, Page, Route, expect
from sqlalchemy import select

from chat.files.receiving import INCOMING
from chat.tables import log_entries
from server.auth.changing import AccountChanges, change_account
from server.auth.model import Privilege, operator
from server.auth.tables import audit
from server.ports import people_listeners
from tests.tools.company import Someone, hire
from tests.tools.files import EXECUTABLE, picture

SAMPLES = Path(__file__).parents[1] / "data" / "uploads"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(400)
NO_TALK = "トークを利用できません。管理者にお問い合わせください。"
OFF = "ファイルの送信は管理者が無効にしています。"
ONLY_IMAGES = "送信できるのは jpeg・jpg・png・gif の画像だけです。"
UNINSPECTED = "中身は検査されていません"
TRIES = {
    "setup.exe": (EXECUTABLE, "この形式（.exe）のファイルは送信できません。"),
    "photo.png": (EXECUTABLE, "ファイルの中身が実行形式のため、送信できません。"),
    "macro.VBS": (b'MsgBox "x"', "この形式（.vbs）のファイルは送信できません。"),
    "見積．ｅｘｅ": (b"1,200,000", "この形式（.exe）のファイルは送信できません。"),
    "a.zip": (None, "「tool.exe」が含まれているため、送信できません。"),
}


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.sample").read_bytes()


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in members.items():
            packed.writestr(name.replace("_", "."), content)
    return file.getvalue()


def locked(name: str = "memo.docx") -> bytes:
    """An archive whose members can be listed, but not read without its password."""
    packed = bytearray(archive(**{name: bytes(40)}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + flags] |= 1
    return bytes(packed)


async def change(server, someone: Someone, **changes: object) -> None:
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(change_account, operator(), someone.id, AccountChanges(**changes), listeners)


@pytest.fixture
async def firm(server, company) -> SimpleNamespace:
    """上田 administers the talk; 大石 may not talk yet; 鈴木 sits in the room with both."""
    ueda = await hire(server.services, "ueda", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    oishi = await hire(server.services, "oishi", talk=False)
    return SimpleNamespace(ueda=ueda, oishi=oishi, suzuki=company.suzuki, ito=company.ito)


async def room_of(server, owner: Someone, *others: Someone) -> int:
    client = await server.connect(owner.token)
    people = [each.id for each in others]
    room = (await client.ask("room.create", kind="closed", name="静岡工場", people=people))["room"]["id"]
    assert isinstance(room, int)
    return room


async def enter(page: Page, server, room: int) -> None:
    await page.goto(f"{server.address}/talk/{room}")
    await expect(field(page)).to_be_visible()


def field(page: Page) -> Locator:
    return page.get_by_placeholder("メッセージを入力")


async def choose(page: Page, **files: bytes) -> None:
    await choose_named(page, {name.replace("_", "."): content for name, content in files.items()})


async def choose_named(page: Page, files: dict[str, bytes]) -> None:
    given = [{"name": name, "mimeType": "", "buffer": content} for name, content in files.items()]
    await page.locator("form input[type=file]").set_input_files(given, timeout=30_000)  # type: ignore[arg-type]


def upload(page: Page, name: str) -> Locator:
    return page.locator("[data-upload]").filter(has=page.locator(f'[title="{name}"]'))


async def ready(page: Page, count: int) -> None:
    await expect(page.locator("[data-upload=ready]")).to_have_count(count)


async def send(page: Page, text: str = "") -> None:
    await field(page).fill(text)
    await page.get_by_role("button", name="送信", exact=True).click()


def left_over(server) -> list[str]:
    """What has come in of uploads, and is not in the store."""
    return sorted(each.name for each in (server.services.settings.var / INCOMING).iterdir())


async def set_mode(page: Page, mode: str) -> None:
    """What 上田 does on トークタブ＞送信出来るファイル種別; how it looks is told in test_story_talk_admin.py."""
    kinds = page.get_by_role("group", name="送信出来るファイル種別")
    await kinds.get_by_label(mode).check()
    await page.get_by_role("button", name="更新", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="更新しました").first).to_be_attached()


class Gate:
    """Holds back pieces of uploads until it is opened."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()
        self._open = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        if route.request.method == "PATCH":
            self.waits.set()
            await self._open.wait()
        await route.continue_()

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gates() -> Iterator[Callable[..., Gate]]:
    """Gates that stand open when the test is over, however it ended."""
    made: list[Gate] = []

    def make() -> Gate:
        made.append(Gate())
        return made[-1]

    yield make
    for gate in made:
        gate.open()


async def test_story_4(server, firm, window, gates):
    room = await room_of(server, firm.suzuki, firm.ueda)
    oishi = await window(firm.oishi)
    await oishi.goto(f"{server.address}/talk")
    await expect(oishi.get_by_role("heading", name=NO_TALK)).to_be_visible()
    await change(server, firm.oishi, talk=True)
    await expect(oishi.get_by_role("button", name="新しいトーク").first).to_be_visible()
    suzuki = await server.connect(firm.suzuki.token)
    await suzuki.ask("room.add", channel=room, people=[firm.oishi.id])
    await oishi.get_by_role("link", name="静岡工場").click()
    await expect(field(oishi)).to_be_visible()

    # 5. What is refused says why, and nothing of it remains.
    tries = {name: content or archive(tool_exe=EXECUTABLE) for name, (content, _) in TRIES.items()}
    await choose_named(oishi, tries)
    for name, (_, sentence) in TRIES.items():
        await expect(upload(oishi, name)).to_contain_text(sentence)
    await expect(oishi.locator("[data-upload=refused]")).to_have_count(len(TRIES))
    kept = [each async for each in server.services.store.walk("files")]
    assert kept == [] and left_over(server) == []
    for _ in await oishi.locator("[data-upload] button").all():
        await oishi.locator("[data-upload] button").first.click()
    await expect(oishi.locator("[data-upload]")).to_have_count(0)

    # What may travel arrives.
    sent = {
        "report.xlsx": archive(**{"xl/workbook.xml": b"<a/>", "[Content_Types].xml": b"<a/>"}),
        "b.zip": locked(),
        "c.7z": sample("generated_zip/7z_hdr_encrypted.7z"),
        "IMG_0001.HEIC": HEIC,
        "image.jpg": sample("generated_img/ok_exif_gps.jpg"),
    }
    await choose_named(oishi, sent)
    await ready(oishi, len(sent))
    await send(oishi, "資料です")
    message = oishi.locator("article", has_text="資料です")
    await expect(message.locator("[data-file]")).to_have_count(len(sent))
    for name in ("b.zip", "c.7z"):
        await expect(message.locator(f'[title="{name}"]')).to_contain_text(UNINSPECTED)
    await expect(message.locator('[title="report.xlsx"]')).not_to_contain_text(UNINSPECTED)
    shown = await message.locator("button[data-file]").get_attribute("data-file")
    seen = await oishi.request.get(f"{server.address}/files/{shown}/image.jpg")
    assert not Image.open(io.BytesIO(await seen.body())).getexif().get_ifd(0x8825)

    # 6. 画像のみ許可, while an upload is under way.
    ueda = await window(firm.ueda)
    await ueda.goto(f"{server.address}/admin/talk")
    gate = gates()
    await oishi.route("**/api/files/*", gate)
    await choose_named(oishi, {"report.zip": archive(report_txt=bytes(20_000_000))})
    await asyncio.wait_for(gate.waits.wait(), 30)
    await set_mode(ueda, "画像のみ許可")
    await expect(oishi.get_by_role("button", name="画像を添付")).to_be_visible()
    gate.open()
    await expect(upload(oishi, "report.zip")).to_contain_text(ONLY_IMAGES, timeout=30_000)
    await send(oishi, "画像だけになりました")
    await expect(oishi.locator("article", has_text="画像だけになりました")).to_have_count(1)
    await upload(oishi, "report.zip").get_by_role("button").click()
    await choose_named(oishi, {"ok.jpg": picture(), "IMG_0002.HEIC": HEIC, "実は.jpg": picture("PNG")})
    await expect(upload(oishi, "IMG_0002.HEIC")).to_contain_text("HEIC")
    await expect(upload(oishi, "実は.jpg")).to_contain_text("png")
    await ready(oishi, 1)
    await send(oishi)
    await expect(oishi.locator("button[data-file]")).to_have_count(2)

    # 7. 無効: nothing goes, and what was sent is there.
    await set_mode(ueda, "無効")
    attach = oishi.get_by_role("button", name=OFF)
    await expect(attach).to_have_attribute("aria-disabled", "true")
    await attach.click(force=True)
    await expect(oishi.get_by_role("status").filter(has_text=OFF)).to_be_attached()
    answer = await oishi.request.put(f"{server.address}/api/files?name=ok.jpg", data=picture(), headers=SAME)
    assert (await answer.json())["code"] == "file_disabled"
    async with oishi.expect_download() as saved:
        await message.locator('[title="report.xlsx"]').click()
    assert (await saved.value).suggested_filename == "report.xlsx"

    # Everything that was refused or set stands in both records.
    refused = await server.services.readers.ask(
        lambda c: [*c.scalars(select(audit.c.target).where(audit.c.action == "file.refuse"))]
    )
    assert {*TRIES, "report.zip", "IMG_0002.HEIC", "実は.jpg", "ok.jpg"} == set(refused)
    logged = await server.services.readers.ask(lambda c: [*c.execute(select(log_entries.c.kind, log_entries.c.body))])
    kinds = [kind for kind, _ in logged]
    assert kinds.count("file_refused") == len(refused) and kinds.count("policy") == 2
    assert {json.loads(body)["file"] for kind, body in logged if kind == "file_refused"} == set(refused)


SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def pair(server, company, window) -> SimpleNamespace:
    """佐藤 and 鈴木 in one room, each in a window."""
    room = await room_of(server, company.sato, company.suzuki)
    sato, suzuki = [await window(each, at=f"/talk/{room}") for each in (company.sato, company.suzuki)]
    for page in (sato, suzuki):
        await expect(field(page)).to_be_visible()
    return SimpleNamespace(sato=sato, suzuki=suzuki, room=room)


async def test_two_people_see_pictures_live_and_a_deletion_takes_them_away(server, company, pair, window):
    await choose(pair.sato, 現場_jpg=picture(size=(1200, 800)), 図_png=picture("PNG"), 見積_txt=b"1")
    await ready(pair.sato, 3)
    await send(pair.sato, "写真です")
    shown = pair.suzuki.locator("article", has_text="写真です")
    await expect(shown.locator("img[src*=thumbnail]")).to_have_count(2)
    await expect(shown.locator("a[data-file]")).to_contain_text("見積.txt")

    await shown.get_by_role("button", name="現場.jpgを表示").click()
    viewer = pair.suzuki.get_by_role("dialog", name="画像")
    await expect(viewer.get_by_role("heading")).to_have_text("現場.jpg")
    await pair.suzuki.keyboard.press("ArrowRight")
    await expect(viewer.get_by_role("heading")).to_have_text("図.png")
    await pair.suzuki.keyboard.press("ArrowRight")
    await expect(viewer.get_by_role("heading")).to_have_text("図.png")
    async with pair.suzuki.expect_download() as saved:
        await viewer.get_by_role("link", name="ダウンロード").click()
    assert (await saved.value).suggested_filename == "図.png"
    key = await shown.locator("[data-file]").first.get_attribute("data-file")

    own = pair.sato.locator("article", has_text="写真です")
    await own.hover()
    await own.get_by_role("button", name="このメッセージの操作").click()
    await pair.sato.get_by_role("menuitem", name="削除する").click()
    await pair.sato.get_by_role("dialog").get_by_role("button", name="削除する").click()
    await expect(viewer).to_have_count(0)
    await expect(pair.suzuki.locator("article").first).to_contain_text("メッセージを削除しました")
    await expect(pair.suzuki.locator("[data-file]")).to_have_count(0)
    for page in (pair.sato, pair.suzuki):
        assert (await page.request.get(f"{server.address}/files/{key}/x")).status == 404


async def test_nothing_moves_when_pictures_arrive_and_the_keyboard_leads_everywhere(pair):
    held = asyncio.Event()

    async def late(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await pair.suzuki.route("**/thumbnail", late)
    for files in (
        {"一.jpg": picture(size=(1600, 900))},
        {f"{n}.jpg": picture(size=(300, 200 + n)) for n in range(5)},
    ):
        await choose_named(pair.sato, files)
        await ready(pair.sato, len(files))
        await send(pair.sato)
    rows = pair.suzuki.locator("article")
    await expect(rows).to_have_count(2)
    await expect(pair.suzuki.locator(".picture")).to_have_count(5)
    boxes = "rows => rows.map(row => [row.getBoundingClientRect().top, row.getBoundingClientRect().height])"
    before = await rows.evaluate_all(boxes)
    held.set()
    loaded = "() => [...document.querySelectorAll('.picture img')].every(one => one.complete && one.naturalWidth)"
    await pair.suzuki.wait_for_function(loaded)
    assert await rows.evaluate_all(boxes) == before
    assert before[0][1] > 150

    last = pair.suzuki.get_by_role("button", name="3.jpgとほか1枚を表示")
    await last.focus()
    await pair.suzuki.keyboard.press("Enter")
    await expect(pair.suzuki.get_by_role("dialog")).to_be_visible()
    await pair.suzuki.keyboard.press("Escape")
    await expect(pair.suzuki.get_by_role("dialog")).to_have_count(0)
    await expect(last).to_be_focused()
    await pair.suzuki.keyboard.press("ArrowUp")
    await expect(pair.suzuki.get_by_role("button", name="2.jpgを表示")).to_be_focused()


HOLDS_THE_SECOND_PIECE = """
  if (!sessionStorage.held) {
    const { open, send } = XMLHttpRequest.prototype
    let pieces = 0
    XMLHttpRequest.prototype.open = function (method, path) {
      this.piece = method === 'PATCH'
      return open.call(this, method, path)
    }
    XMLHttpRequest.prototype.send = function (body) {
      if (this.piece && ++pieces > 1) sessionStorage.held = 'yes'
      else send.call(this, body)
    }
  }
"""


async def test_an_upload_goes_on_where_it_was_after_a_reload(pair, tmp_path):
    drawing = tmp_path / "図面.zip"
    drawing.write_bytes(archive(図面_txt=bytes(9_000_000)))
    offsets: list[int] = []
    page = pair.sato
    page.on("request", lambda each: each.method == "PATCH" and offsets.append(int(each.headers["upload-offset"])))
    await page.add_init_script(HOLDS_THE_SECOND_PIECE)
    await page.reload()
    await page.locator("form input[type=file]").set_input_files(drawing)
    await page.wait_for_function("() => sessionStorage.held")
    assert offsets == [0]
    await page.reload()
    await ready(page, 1)
    assert len(offsets) == 2 and 0 < offsets[1] < drawing.stat().st_size
    await send(page, "図面です")
    await expect(pair.suzuki.locator("article", has_text="図面です").locator("a[data-file]")).to_have_count(1)
    await page.reload()
    await expect(page.locator("article", has_text="図面です")).to_have_count(1)
    await expect(page.locator("[data-upload]")).to_have_count(0)


async def test_a_message_that_is_sent_before_its_files_have_arrived_waits_for_them(pair, gates):
    gate = gates()
    await pair.sato.route("**/api/files/*", gate)
    await choose(pair.sato, 議事録_txt=b"1" * 1000)
    await asyncio.wait_for(gate.waits.wait(), 10)
    await send(pair.sato, "議事録です")
    pending = pair.sato.locator("[data-pending]")
    await expect(pending).to_contain_text("議事録.txt")
    await expect(pair.sato.locator("form [data-upload]")).to_have_count(0)
    await send(pair.sato, "次の話です")
    await expect(pair.suzuki.locator("article")).to_have_count(1)
    await pair.sato.reload()
    await expect(pending).to_contain_text("議事録.txt")
    gate.open()
    await expect(pair.suzuki.locator("article", has_text="議事録です").locator("a[data-file]")).to_have_count(1)
    await expect(pending).to_have_count(0)
    await expect(pair.sato.locator("[data-upload]")).to_have_count(0)


async def test_a_message_whose_file_may_not_travel_can_go_without_it(pair, gates):
    gate = gates()
    await pair.sato.route("**/api/files/*", gate)
    await choose_named(pair.sato, {"安全.txt": EXECUTABLE, "良い.txt": b"1"})
    await asyncio.wait_for(gate.waits.wait(), 10)
    await send(pair.sato, "二つです")
    gate.open()
    pending = pair.sato.locator("[data-pending]")
    await expect(pending).to_contain_text("ファイルの中身が実行形式のため、送信できません。")
    await expect(pair.suzuki.locator("article")).to_have_count(0)
    await pending.get_by_role("button", name="ほかのファイルを送信").click()
    arrived = pair.suzuki.locator("article", has_text="二つです")
    await expect(arrived.locator("[data-file]")).to_have_count(1)
    await expect(arrived.locator("[data-file]")).to_contain_text("良い.txt")


async def test_what_may_not_travel_any_more_is_named_at_sending_and_the_rest_goes(server, firm, pair, window):
    """The policy is another when the message is sent than when its files came."""
    ueda = await window(firm.ueda)
    await ueda.goto(f"{server.address}/admin/talk")
    await choose_named(pair.sato, {"現場.jpg": picture(), "見積.pdf": b"%PDF-1.7", "メモ.txt": b"1"})
    await ready(pair.sato, 3)
    await set_mode(ueda, "画像のみ許可")
    await send(pair.sato, "写真と資料です")
    pending = pair.sato.locator("[data-pending]")
    rest = pending.get_by_role("button", name="ほかのファイルを送信")
    for name in ("見積.pdf", "メモ.txt"):
        await expect(upload(pair.sato, name)).to_contain_text(ONLY_IMAGES)
        await expect(pending.get_by_role("button", name="もう一度送信")).to_have_count(0)
        await rest.click()
    arrived = pair.suzuki.locator("article", has_text="写真と資料です")
    await expect(arrived.locator("[data-file]")).to_have_count(1)
    await expect(arrived.get_by_role("button", name="現場.jpgを表示")).to_be_visible()
    await expect(pending).to_have_count(0)
    lines = select(audit.c.target).where(audit.c.action == "file.refuse").order_by(audit.c.id)
    assert await server.services.readers.ask(lambda c: [*c.scalars(lines)]) == ["見積.pdf", "メモ.txt"]


async def test_a_picture_that_a_phone_took_upright_stands_upright(server, pair):
    """3 MB, turned by its EXIF alone, and with the place where it was taken."""
    turned = Image.Exif()
    turned[0x0112] = 6
    turned.get_ifd(0x8825)[1] = "N"
    noise = Image.effect_noise((2400, 1600), 80).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=95, exif=turned)
    assert file.tell() > 2**21, "this test needs a picture as phones make them"
    await choose_named(pair.sato, {"IMG_0001.jpg": file.getvalue()})
    await ready(pair.sato, 1)
    await send(pair.sato, "縦です")
    shown = pair.suzuki.locator("article", has_text="縦です").locator("button[data-file]")
    key = await shown.get_attribute("data-file")
    for name in ("x.jpg", "thumbnail"):
        answer = await pair.suzuki.request.get(f"{server.address}/files/{key}/{name}")
        drawn = Image.open(io.BytesIO(await answer.body()))
        assert not drawn.getexif().get_ifd(0x8825)
        width, height = ImageOps.exif_transpose(drawn).size
        assert width < height, name
    box = await shown.bounding_box()
    assert box is not None and box["width"] < box["height"]


async def test_a_drop_never_leaves_the_page_whatever_is_open(server, pair):
    """Files are let go at once, before anything more is fetched; and where there is no room."""
    drop = """() => {
      const data = new DataTransfer()
      data.items.add(new File(['x'], 'a.txt', {type: 'text/plain'}))
      const place = document.querySelector('.pane') ?? document.body
      return ['dragenter', 'dragover', 'drop'].map((kind) => {
        const event = new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: data})
        place.dispatchEvent(event)
        return event.defaultPrevented
      })
    }"""
    assert await pair.sato.evaluate(drop) == [True, True, True]
    await ready(pair.sato, 1)
    await expect(pair.sato.get_by_text("ここにドロップすると")).to_have_count(0)
    await pair.sato.goto(f"{server.address}/talk")
    await expect(pair.sato.locator(".pane")).to_have_count(0)
    assert (await pair.sato.evaluate(drop))[1:] == [True, True]


async def test_files_are_dropped_and_pasted_and_the_room_says_where(pair):
    drag = """([kind, names, types]) => {
      const data = new DataTransfer()
      for (const name of names) data.items.add(new File(['x'], name, {type: types}))
      const place = document.querySelector('.pane')
      const how = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data}
      const event = kind === 'paste' ? new ClipboardEvent(kind, how) : new DragEvent(kind, how)
      ;(kind === 'paste' ? document.querySelector('form textarea') : place).dispatchEvent(event)
      return event.defaultPrevented
    }"""
    page = pair.sato
    await page.evaluate(drag, ["dragenter", ["a.txt"], "text/plain"])
    await expect(page.get_by_text("ここにドロップすると「静岡工場」に添付します")).to_be_visible()
    assert await page.evaluate(drag, ["dragover", ["a.txt"], "text/plain"])
    await page.evaluate(drag, ["drop", ["a.txt", "b.txt"], "text/plain"])
    await ready(page, 2)
    await expect(page.get_by_text("ここにドロップすると")).to_have_count(0)
    assert await page.evaluate(drag, ["paste", ["image.txt"], "text/plain"])
    await ready(page, 3)
    await page.get_by_role("button", name="a.txtを外す").click()
    await ready(page, 2)
    await send(page)
    await expect(pair.suzuki.locator("article [data-file]")).to_have_count(2)
    row = pair.suzuki.get_by_role("navigation", name="トークルーム").get_by_role("link")
    await expect(row).to_contain_text("ファイル: b.txt ほか1件")


async def test_more_than_ten_and_too_large_are_said_before_anything_is_sent(server, pair):
    begun: list[str] = []
    pair.sato.on("request", lambda request: begun.append(request.url) if request.method == "POST" else None)
    await choose_named(pair.sato, {f"{n}.txt": b"1" for n in range(11)})
    await ready(pair.sato, 10)
    await expect(upload(pair.sato, "10.txt")).to_contain_text("1回に送信できるファイルは10個までです。")
    assert len([url for url in begun if url.endswith("/api/files")]) == 10
    spoken = pair.sato.locator("form > [role=status]")
    await expect(spoken).not_to_be_empty()


async def test_what_an_expert_sends_shows_nothing_of_his_on_anothers_screen(server, company, pair, window):
    """A page that is a file, a picture that is a script, a file that is not in one's room."""
    page = b"<html><script>document.title = 'mine'</script><h1>mine</h1></html>"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    names = {"会議.html": page, "図.svg": svg, "写真.txt": page, "a\u202egnp.txt": b"1"}
    await choose_named(pair.sato, {**names, "動く.gif": sample("generated_img/gif_js.gif")})
    await expect(pair.sato.locator("[data-upload=ready], [data-upload=refused]")).to_have_count(5)
    await send(pair.sato, "見てください")
    arrived = pair.suzuki.locator("article", has_text="見てください")
    await expect(arrived).to_have_count(1)
    keys = await arrived.locator("[data-file]").evaluate_all("all => all.map(one => one.dataset.file)")
    assert len(keys) >= 3
    for key in keys:
        address = f"{server.address}/files/{key}/x.html"
        answer = await pair.suzuki.request.get(address)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert not answer.headers["content-type"].startswith(("text/html", "image/svg"))
        assert (
            answer.headers["content-disposition"].startswith("attachment")
            or answer.headers["content-type"] == "image/gif"
        )
    ito = await window(company.ito)
    for key in keys:
        assert (await ito.request.get(f"{server.address}/files/{key}/x")).status == 404
        assert (await ito.request.get(f"{server.address}/files/{key}/thumbnail")).status == 404


async def test_the_room_tells_how_many_may_read_its_record(server, company, pair):
    await pair.sato.get_by_role("button", name="トークルームの情報").click()
    said = pair.sato.get_by_role("dialog")
    await expect(said).to_contain_text("このトークは記録されています。閲覧できる人は、まだ指定されていません。")
    await change(server, company.ito, privileges=[Privilege.ADMIN_GOTALK], talk_log=True)
    await expect(said).to_contain_text("このトークは記録され、管理者が指定した人（1人）が閲覧できます。")
