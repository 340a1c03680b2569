"""The departments of the demo company: three sites, five levels; larger companies have more factories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

HEAD_OFFICE, FACTORY, BRANCH = "T00", "S00", "N00"
PEOPLE_A_FACTORY = 1_000
"""For about so many people more there is one more factory."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where people work: the area's name and its JMA code, and how its telephone numbers begin.

    No local number begins with 0, so that none of these can ever ring.
    """

    area: str
    area_code: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Department:
    """One row: ``parent`` is a code, blank at the top; ``level`` begins with 1; ``lead`` is the title of its head."""

    code: str
    parent: str
    name: str
    kana: str
    alphabet: str
    level: int
    site: Site
    lead: str
    sort_score: int

    @property
    def phone_number(self) -> str:
        """The main number of a site; departments below have none."""
        return f"{self.site.prefix}0000" if self.level == 1 else ""


TOKYO = Site("東京都千代田区", "1310100", "03-0000-")
YAIZU = Site("静岡県焼津市", "2221200", "054-000-")
SAPPORO = Site("北海道札幌市中央区", "0110100", "011-000-")

_TITLES = {
    "本社": "代表取締役社長",
    "工場": "工場長",
    "営業所": "所長",
    "本部": "本部長",
    "部": "部長",
    "課": "課長",
    "係": "係長",
    "班": "班長",
}

_HEAD_OFFICE = """
T00||東京本社|トウキョウホンシャ|Tokyo Head Office
T10|T00|管理本部|カンリホンブ|Administration
T11|T10|総務部|ソウムブ|General Affairs
T111|T11|総務課|ソウムカ|General Affairs Section
T1111|T111|受付係|ウケツケガカリ|Reception
T112|T11|人事課|ジンジカ|Human Resources
T1121|T112|採用係|サイヨウガカリ|Recruiting
T12|T10|経理部|ケイリブ|Accounting
T121|T12|経理課|ケイリカ|Accounts
T122|T12|財務課|ザイムカ|Finance
T20|T00|経営企画本部|ケイエイキカクホンブ|Corporate Planning
T21|T20|情報システム部|ジョウホウシステムブ|Information Systems
T211|T21|基盤課|キバンカ|Infrastructure
T212|T21|業務システム課|ギョウムシステムカ|Business Systems
T22|T20|広報部|コウホウブ|Public Relations
T30|T00|営業本部|エイギョウホンブ|Sales
T31|T30|東日本営業部|ヒガシニホンエイギョウブ|Sales East Japan
T311|T31|営業第一課|エイギョウダイイチカ|Sales Section 1
T312|T31|営業第二課|エイギョウダイニカ|Sales Section 2
T32|T30|海外営業部|カイガイエイギョウブ|Overseas Sales
T321|T32|アジア課|アジアカ|Asia
"""
_FACTORY = """
S00||静岡工場|シズオカコウジョウ|Shizuoka Factory
S10|S00|製造部|セイゾウブ|Production
S11|S10|第一製造課|ダイイチセイゾウカ|Production Section 1
S111|S11|組立係|クミタテガカリ|Assembly
S1111|S111|組立第一班|クミタテダイイチハン|Assembly Team 1
S1112|S111|組立第二班|クミタテダイニハン|Assembly Team 2
S112|S11|加工係|カコウガカリ|Machining
S1121|S112|切削班|セッサクハン|Cutting
S1122|S112|研磨班|ケンマハン|Grinding
S12|S10|第二製造課|ダイニセイゾウカ|Production Section 2
S121|S12|塗装係|トソウガカリ|Painting
S122|S12|検査係|ケンサガカリ|Inspection
S20|S00|品質保証部|ヒンシツホショウブ|Quality Assurance
S21|S20|品質管理課|ヒンシツカンリカ|Quality Control
S30|S00|生産技術部|セイサンギジュツブ|Production Engineering
S31|S30|設備課|セツビカ|Equipment
S32|S30|金型課|カナガタカ|Tooling
S40|S00|物流部|ブツリュウブ|Logistics
S41|S40|出荷課|シュッカカ|Shipping
"""
_BRANCH = """
N00||札幌営業所|サッポロエイギョウショ|Sapporo Sales Office
N10|N00|営業課|エイギョウカ|Sales
"""

_PLACES = """
名古屋|ナゴヤ|Nagoya|愛知県豊橋市|2320100|0532-00-
仙台|センダイ|Sendai|宮城県石巻市|0420200|0225-00-
広島|ヒロシマ|Hiroshima|広島県福山市|3420700|084-000-
福岡|フクオカ|Fukuoka|福岡県久留米市|4020300|0942-00-
新潟|ニイガタ|Niigata|新潟県長岡市|1520200|0258-00-
長野|ナガノ|Nagano|長野県松本市|2020200|0263-00-
富山|トヤマ|Toyama|富山県高岡市|1620200|0766-00-
岡山|オカヤマ|Okayama|岡山県倉敷市|3320200|086-000-
熊本|クマモト|Kumamoto|熊本県八代市|4320200|0965-00-
群馬|グンマ|Gunma|群馬県高崎市|1020200|027-000-
三重|ミエ|Mie|三重県四日市市|2420200|059-000-
愛媛|エヒメ|Ehime|愛媛県今治市|3820200|0898-00-
"""
_NUMBERS = ("", "第二", "第三", "第四", "第五", "第六", "第七", "第八", "第九", "第十")
_READINGS = (
    "",
    "ダイニ",
    "ダイサン",
    "ダイヨン",
    "ダイゴ",
    "ダイロク",
    "ダイナナ",
    "ダイハチ",
    "ダイキュウ",
    "ダイジュウ",
)


def departments(people: int) -> list[Department]:
    """All departments of a company of so many people, parents first; the first 42 are those of the demo."""
    base = [*_read(_HEAD_OFFICE, TOKYO, 0), *_read(_FACTORY, YAIZU, 1000), *_read(_BRANCH, SAPPORO, 2000)]
    return [*base, *_more_factories(min(people // PEOPLE_A_FACTORY, len(_NUMBERS) * len(_places())))]


def _read(text: str, site: Site, score: int) -> list[Department]:
    """The rows of one site, in the order in which they stand here: their SORT_SCOREs go on from ``score``."""
    levels = {"": 0}
    found = []
    for number, line in enumerate(text.strip().splitlines()):
        code, parent, name, kana, alphabet = line.split("|")
        levels[code] = levels[parent] + 1
        lead = next(title for end, title in _TITLES.items() if name.endswith(end))
        found.append(Department(code, parent, name, kana, alphabet, levels[code], site, lead, score + number * 10))
    return found


def _more_factories(count: int) -> Iterator[Department]:
    """Factories like the first, at other places: 名古屋工場 … 愛媛工場, then 名古屋第二工場 …"""
    factory = _read(_FACTORY, YAIZU, 1000)
    for number in range(count):
        round_, place = divmod(number, len(_places()))
        name, kana, alphabet, site = _places()[place]
        for each in factory:
            moved = replace(each, code=f"P{number:03}-{each.code}", site=site)
            if each.level > 1:
                yield replace(moved, parent=f"P{number:03}-{each.parent}")
                continue
            yield replace(
                moved,
                name=f"{name}{_NUMBERS[round_]}工場",
                kana=f"{kana}{_READINGS[round_]}コウジョウ",
                alphabet=f"{alphabet} Factory{f' {round_ + 1}' if round_ else ''}",
                sort_score=3000 + number,
            )


def _places() -> list[tuple[str, str, str, Site]]:
    rows = [line.split("|") for line in _PLACES.strip().splitlines()]
    return [(name, kana, alphabet, Site(area, code, prefix)) for name, kana, alphabet, area, code, prefix in rows]
