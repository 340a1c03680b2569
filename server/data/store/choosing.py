"""The store of a process: a folder beside the database, or the bucket that the setting names."""

from __future__ import annotations

from dataclasses import replace

from server.data.store.address import parse_address
from server.data.store.bucket import Bucket
from server.data.store.folder import Folder
from server.data.store.model import Store
from server.settings import Settings

FOLDER = "store"


def open_store(settings: Settings, installation: str) -> Store:
    """Everything in it lies under the number of the installation: of two that were given the same place neither
    sees, overwrites or sweeps what the other keeps. Nothing is asked of it yet.
    """
    if settings.storage_url:
        address = parse_address(settings.storage_url)
        return Bucket(replace(address, prefix=f"{address.prefix}/{installation}".lstrip("/")))
    return Folder(settings.var / FOLDER / installation)
