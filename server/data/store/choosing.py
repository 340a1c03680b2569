"""The store of a process: a folder beside the database, or the bucket that the setting names."""

from __future__ import annotations

from server.data.store.address import parse_address
from server.data.store.bucket import Bucket
from server.data.store.folder import Folder
from server.data.store.model import Store
from server.settings import Settings

FOLDER = "store"


def open_store(settings: Settings) -> Store:
    """Nothing is asked of it yet."""
    if settings.storage_url:
        return Bucket(parse_address(settings.storage_url))
    return Folder(settings.var / FOLDER)
