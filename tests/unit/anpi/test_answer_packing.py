"""A page packed once and filled in many times is the page that it would have been."""

from __future__ import annotations

import gzip

from hypothesis import given
from hypothesis import strategies as st

from anpi.answers.packing import Packed, mark

WORDS = st.binary(max_size=300)


@given(WORDS, WORDS)
def test_both_forms_say_the_same(name: bytes, nonce: bytes):
    text = "災害" * 2000
    page = Packed(f"<p>{mark('name')} 様</p>{text}{mark('nonce')}<b>{mark('name')}</b>", ("name", "nonce"))
    words = {"name": name, "nonce": nonce}
    whole = b"<p>" + name + f" 様</p>{text}".encode() + nonce + b"<b>" + name + b"</b>"
    assert page.plain(words) == whole
    assert gzip.decompress(page.gzipped(words)) == whole


def test_what_stays_is_really_smaller():
    page = Packed("災害" * 2000 + mark("name"), ("name",))
    assert len(page.gzipped({"name": b"x"})) < 200


def test_a_word_longer_than_a_block_comes_whole():
    page, word = Packed(f"<{mark('name')}>", ("name",)), b"x" * 200_000
    assert gzip.decompress(page.gzipped({"name": word})) == b"<" + word + b">"


def test_a_page_without_words_is_itself():
    page = Packed("終了しました。", ("name",))
    assert page.plain({}).decode() == "終了しました。"
    assert gzip.decompress(page.gzipped({})).decode() == "終了しました。"
