"""Verifies a talk log with Python alone: `python verify.py FOLDER [N:HASH]`, the last a head that was sent out."""

import json
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any


def check(file: Path, m: dict[str, Any], head_n: int, known: dict[int, str], gone: set[int]) -> None:
    """Numbers without a gap, each line chained to the one before, and all of them as the manifest says."""
    n, prev, hashes = m["first_n"], m["prev_hash"].encode(), sha256()
    for line in file.open("rb"):
        left_out = re.fullmatch(rb'{"n":(\d+),"hash":"([0-9a-f]{64})"}\n', line) if exports else None
        own = left_out[2] if left_out else sha256(line[:-76]).hexdigest().encode()
        if not line.startswith(b'{"n":%d,' % n):
            sys.exit(f"TAMPERED {file.name}, n {n}: the line is missing, or another stands in its place")
        if not left_out and line[-141:] != prev + b'","hash":"' + own + b'"}\n':
            sys.exit(f"TAMPERED {file.name}, n {n}: the line, or the one before it, was changed")
        if n == head_n:
            known[n] = own.decode()
        if b'"kind":"expired"' in line[:64]:
            gone.add(json.loads(line)["body"]["number"])
        hashes.update(own)
        n, prev = n + 1, own
    if (n - 1, prev.decode(), hashes.hexdigest()) != (m["last_n"], m["last_hash"], m["lines_sha256"]):
        sys.exit(f"TAMPERED {file.name}, n {n}: lines are missing at the end, or were written anew")


folder, head = Path(sys.argv[1]), (sys.argv[2] if len(sys.argv) > 2 else "0:").split(":")
exports = [json.loads(path.read_bytes()) for path in folder.glob("export.json")]
gone = {number for export in exports for number in export["not_carried"]}
known, missing, joint = {0: ""}, dict[int, str](), (1, "0" * 64, 1, "0" * 64)
for path in sorted(folder.rglob("*.manifest.json"), key=lambda path: json.loads(path.read_bytes())["number"]):
    m, file = json.loads(path.read_bytes()), path.with_name(path.name.replace(".manifest.json", ".jsonl"))
    fits = joint == (m["number"], m["prev_manifest"], m["first_n"], m["prev_hash"]) or len(known) == 1 < m["number"]
    if not fits or file.name != m["file"]:
        sys.exit(f"TAMPERED {path.name}: segment {joint[0]} is missing, swapped, or its manifest was changed")
    joint = (m["number"] + 1, sha256(path.read_bytes()).hexdigest(), m["last_n"] + 1, m["last_hash"])
    known[m["last_n"]] = m["last_hash"]
    check(file, m, int(head[0]), known, gone) if file.exists() else missing.update({m["number"]: file.name})
if lost := sorted(missing.keys() - gone):
    sys.exit(f"TAMPERED {missing[lost[0]]}: segment {lost[0]} is missing")
if known.get(int(head[0])) != head[1]:
    sys.exit(f"TAMPERED, head {head[0]}: the end was cut off, or the whole log was written anew")
print(
    f"Nothing up to n {joint[2] - 1} contradicts itself; " + (f"head {head[0]} fits" if head[1] else "no head given")
)
