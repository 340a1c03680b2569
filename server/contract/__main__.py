"""``python -m server.contract``: writes the documents and the browser's types into the repository."""

from __future__ import annotations

from pathlib import Path

from server.contract.documents import written

ROOT = Path(__file__).parents[2]

if __name__ == "__main__":
    for name, text in written().items():
        (ROOT / name).write_text(text, "utf-8")
