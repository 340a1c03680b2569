"""Where a bucket is, as the setting says it."""

from __future__ import annotations

import pytest

from server.data.store.address import BucketAddress, parse_address


def test_all_parts_of_an_address_are_read():
    found = parse_address("s3://key:se%2Fcret@files/renraku/a?endpoint=https://s3.example&region=ap-northeast-1")
    assert found == BucketAddress("files", "renraku/a", "https://s3.example", "ap-northeast-1", "key", "se/cret")
    assert parse_address("s3://files") == BucketAddress("files")
    assert "se/cret" not in repr(found) and "key" not in repr(found).replace("key=", "")


@pytest.mark.parametrize(
    "url",
    [
        "files",
        "https://files",
        "s3://",
        "s3://key@files",
        "s3://files?endpoint=ftp://x",
        "s3://files?acl=public",
        "s3://f?region=a&region=b",
        "s3://AKIA:ab/cd+e@bucket/p",
        "s3://AKIA:ab?cd@bucket",
        "s3://AKIA:ab#cd@bucket",
        "s3://bucket:9000/x",
        "s3://key:secret@bucket:9000",
    ],
)
def test_another_address_is_refused(url):
    with pytest.raises(ValueError):
        parse_address(url)
