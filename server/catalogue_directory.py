"""The sentences and field names of the directory, for ``server/catalogue.py``."""

from __future__ import annotations

from typing import TypedDict


class Both(TypedDict):
    """One string in both languages."""

    ja: str
    en: str


ERRORS: dict[str, Both] = {
    "code_taken": {
        "ja": "部署コード「{code}」は、ほかの部署で使われています。",
        "en": "Another department has the code {code}.",
    },
    "department_circle": {
        "ja": "その部署の下には移動できません。自分自身か、その下の部署です。",
        "en": "It cannot be moved there: that is the department itself, or one below it.",
    },
    "department_unknown": {
        "ja": "部署が見つかりません。もう一度選んでください。",
        "en": "This department does not exist. Please choose again.",
    },
    "post_twice": {
        "ja": "同じ部署が2回選ばれています。",
        "en": "The same department is chosen twice.",
    },
    "area_unknown": {
        "ja": "「{area}」という地域が見つかりません。都道府県、市区町村、郵便番号で入力してください。",
        "en": "There is no area {area}. Please enter a prefecture, a city or a postal code.",
    },
    "area_ambiguous": {
        "ja": "「{area}」に当たる地域が複数あります。都道府県から入力してください。",
        "en": "There are several areas called {area}. Please begin with the prefecture.",
    },
    "groups_full": {"ja": "グループは{limit}個までです。", "en": "You can have up to {limit} groups."},
}

FIELDS: dict[str, Both] = {
    "alphabet": {"ja": "氏名（英字）", "en": "name in letters"},
    "employee_number": {"ja": "社員番号", "en": "employee number"},
    "post": {"ja": "職務", "en": "duty"},
    "extension_number": {"ja": "内線番号", "en": "extension"},
    "phone_number": {"ja": "電話番号", "en": "phone"},
    "company_mobile_number": {"ja": "会社携帯番号", "en": "company mobile"},
    "personal_mobile_number": {"ja": "個人携帯番号", "en": "private mobile"},
    "mobile_number": {"ja": "携帯番号", "en": "mobile"},
    "fax_number": {"ja": "FAX番号", "en": "fax"},
    "email1": {"ja": "メールアドレス1", "en": "mail address 1"},
    "email2": {"ja": "メールアドレス2", "en": "mail address 2"},
    "web_url": {"ja": "URL", "en": "web page"},
    "comment": {"ja": "コメント", "en": "comment"},
    "remarks": {"ja": "備考", "en": "remarks"},
    "skill": {"ja": "スキル", "en": "skills"},
    "sort_score": {"ja": "表示順", "en": "sort score"},
    "posts": {"ja": "所属", "en": "departments"},
    "title": {"ja": "役職", "en": "title"},
    "work_areas": {"ja": "勤務地", "en": "work area"},
    "home_areas": {"ja": "居住地", "en": "home area"},
    "photo": {"ja": "写真", "en": "photo"},
    "group_name": {"ja": "グループ名", "en": "group name"},
    "group_people": {"ja": "グループのメンバー", "en": "people in a group"},
    "favourites": {"ja": "お気に入り", "en": "favourites"},
    "parent": {"ja": "上位の部署", "en": "department above"},
    "code": {"ja": "部署コード", "en": "department code"},
    "department_name": {"ja": "部署名", "en": "department name"},
    "department_kana": {"ja": "部署名（カナ）", "en": "kana"},
    "department_alphabet": {"ja": "部署名（英字）", "en": "name in letters"},
    "url": {"ja": "URL", "en": "web page"},
}
