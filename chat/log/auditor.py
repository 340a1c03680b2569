"""Verifies a talk log with Python alone: `python verify.py FOLDER [N:HASH]`, the last a head that was sent out."""

import json
import re
import sys
from hashlib import file_digest, sha256
from pathlib import Path


def check(file: Path, n: int, prev: bytes, head_n: int) -> tuple[int, str, str]:
    """Numbers without a gap, and each line chained to the one before; how they end."""
    hashes = sha256()
    for line in file.open("rb"):
        left_out = re.fullmatch(rb'{"n":(\d+),"hash":"([0-9a-f]{64})"}\n', line) if exports else None
        own = left_out[2] if left_out else sha256(line[:-76]).hexdigest().encode()
        fits = left_out or line[-141:] == prev + b'","hash":"' + own + b'"}\n'
        if not fits or not line.startswith(b'{"n":%d,' % n):
            sys.exit(f"TAMPERED {file.name}, n {n}: the line is missing, or it or the one before it was changed")
        known.update({n: own.decode()} if n == head_n else {})
        gone.update([json.loads(line)["body"]["manifest_sha256"]] if b'"kind":"expired"' in line[:64] else [])
        hashes.update(own)
        n, prev = n + 1, own
    return n - 1, prev.decode(), hashes.hexdigest()


folder, head = Path(sys.argv[1]), (sys.argv[2] if len(sys.argv) > 2 else "0:").split(":")
exports = [json.loads(path.read_bytes()) for path in folder.glob("export.json")]
for name, digest in [each for export in exports for each in export["files"].items()]:
    if not (folder / name).is_file() or file_digest((folder / name).open("rb"), "sha256").hexdigest() != digest:
        sys.exit(f"TAMPERED {name}: segment, or other file, that is missing or is not the one of export.json")
known, gone, missing, first, joint = {0: ""}, set[str](), dict[str, str](), 0, (1, "0" * 64, 1, "0" * 64)
for path in sorted(folder.rglob("*.manifest.json"), key=lambda path: json.loads(path.read_bytes())["number"]):
    m, file = json.loads(path.read_bytes()), path.with_name(path.name.replace(".manifest.json", ".jsonl"))
    fits = joint == (m["number"], m["prev_manifest"], m["first_n"], m["prev_hash"]) or (exports and not first)
    if not fits or file.name != m["file"]:
        sys.exit(f"TAMPERED {path.name}: segment {joint[0]} is missing, swapped, or its manifest was changed")
    own, first, known[m["last_n"]] = sha256(path.read_bytes()).hexdigest(), first or m["first_n"], m["last_hash"]
    joint = (m["number"] + 1, own, m["last_n"] + 1, m["last_hash"])
    if not file.exists() and not (exports and m["number"] in exports[0]["not_carried"]):
        missing[own] = f"{file.name}: segment {m['number']} is missing"
    ends = m["last_n"], m["last_hash"], m["lines_sha256"]
    if file.exists() and check(file, m["first_n"], m["prev_hash"].encode(), int(head[0])) != ends:
        sys.exit(f"TAMPERED {file.name}, n {ends[0]}: lines are missing at the end, or were written anew")
for lost in missing.keys() - gone:
    sys.exit(f"TAMPERED {missing[lost]}")
if known.get(int(head[0])) != head[1]:
    sys.exit(f"TAMPERED, head {head[0]}: the end was cut off or written anew, or the head's part is not in here")
said = [f"head {head[0]} fits" if head[1] else "no head given"]
said += [f"not looked at: {p.name}" for p in folder.rglob("*.jsonl") if not p.with_suffix(".manifest.json").exists()]
print(f"Nothing from n {first} to n {joint[2] - 1} contradicts itself", *said, sep="; ")
