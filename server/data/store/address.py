"""Where a bucket is: ``s3://key:secret@bucket/prefix?endpoint=https://…&region=…``. Only the bucket must be named."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

KNOWN = frozenset({"endpoint", "region"})


@dataclass(frozen=True)
class BucketAddress:
    """A bucket, and how to reach it. Without a key the environment has one, or the machine's role."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def parse_address(url: str) -> BucketAddress:
    """Raises ``ValueError`` that says what is wrong, without the secret."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise ValueError("must begin with s3://bucket")
    # What stands behind the last @ is the bucket: anything else goes out to whoever has a bucket of that name.
    if ":" in parts.netloc.rpartition("@")[2]:
        raise ValueError("has no port; in a key or secret write / as %2F, ? as %3F, # as %23")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    given = dict(pairs)
    if len(given) != len(pairs) or set(given) - KNOWN:
        raise ValueError("may have endpoint and region behind the question mark, each once")
    if given.get("endpoint") and not given["endpoint"].startswith(("https://", "http://")):
        raise ValueError("the endpoint must begin with https:// (or http://)")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("must have a key and a secret, or neither")
    key, secret = unquote(parts.username or ""), unquote(parts.password or "")
    return BucketAddress(
        parts.hostname, parts.path.strip("/"), given.get("endpoint", ""), given.get("region", ""), key, secret
    )
