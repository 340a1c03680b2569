"""Those whom the stories of the demo company name: who they are, what they may do, where they sit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One of them. ``login`` stands before the @; ``mail`` is false for who has no company mail."""

    login: str
    name: str
    kana: str
    alphabet: str
    department: str
    title: str
    privileges: tuple[str, ...] = ()
    talk_log: bool = False
    language: str = "ja"
    mail: bool = True
    phone_number: str = ""
    comment: str = ""
    feminine: bool = True


CAST = (
    Part(
        "sano",
        "佐野 遥",
        "サノ ハルカ",
        "SANO Haruka",
        "T21",
        "部長",
        privileges=("ADMIN_USER", "ADMIN_DIVISION", "ADMIN_COMPANY"),
        comment="Renraku のことは何でも聞いてください。",
    ),
    Part("mori", "森 由美", "モリ ユミ", "MORI Yumi", "T11", "部長", privileges=("ADMIN_ANPI",)),
    Part(
        "hori",
        "堀 直樹",
        "ホリ ナオキ",
        "HORI Naoki",
        "T112",
        "課長",
        privileges=("ADMIN_GOTALK",),
        talk_log=True,
        feminine=False,
    ),
    Part(
        "ueda", "上田 翔", "ウエダ ショウ", "UEDA Sho", "T211", "課長", privileges=("ADMIN_GOTALK",), feminine=False
    ),
    Part(
        "watanabe",
        "渡邉 花子",
        "ワタナベ ハナコ",
        "WATANABE Hanako",
        "S11",
        "課長",
        mail=False,
        # As with all others here, the local number begins with a digit that none has.
        phone_number="054-123-4567#12",
        comment="現場にいることが多いです。",
    ),
    Part("oishi", "大石 健", "オオイシ ケン", "OISHI Ken", "S111", "主任", feminine=False),
    Part(
        "nguyen",
        "グエン ティ ラン",
        "グエン ティ ラン",
        "NGUYEN Thi Lan",
        "S112",
        "",
        language="en",
        comment="Please write to me in English or in easy Japanese.",
    ),
    Part("miura", "三浦 葵", "ミウラ アオイ", "MIURA Aoi", "T1111", ""),
    Part("makoto.watanabe", "渡辺 誠", "ワタナベ マコト", "WATANABE Makoto", "S12", "課長", feminine=False),
)
