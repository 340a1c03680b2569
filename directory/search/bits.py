"""Sets of slots as whole numbers: bit ``n`` is slot ``n`` of a block. Stored short when few are set."""

from __future__ import annotations

from collections.abc import Collection

_FEW = 4
_MANY = 64
"""From so many on it is faster to go through all digits."""
_MAP, _LIST = b"\1", b"\0"
_SLOT_BYTES = 3


def packed(bits: int) -> bytes:
    """As it is stored: a list of slots when they are few, else the bits from the first that is set."""
    if bits.bit_count() <= _FEW:
        return _LIST + b"".join(slot.to_bytes(_SLOT_BYTES, "little") for slot in slots(bits))
    first = ((bits & -bits).bit_length() - 1) // 8
    size = (bits.bit_length() + 7) // 8 - first
    return _MAP + first.to_bytes(_SLOT_BYTES, "little") + (bits >> 8 * first).to_bytes(size, "little")


def unpacked(stored: bytes) -> int:
    """What ``packed`` has stored."""
    if stored[:1] == _MAP:
        first = int.from_bytes(stored[1 : 1 + _SLOT_BYTES], "little")
        return int.from_bytes(stored[1 + _SLOT_BYTES :], "little") << 8 * first
    bits = 0
    for at in range(1, len(stored), _SLOT_BYTES):
        bits |= 1 << int.from_bytes(stored[at : at + _SLOT_BYTES], "little")
    return bits


def slots(bits: int) -> list[int]:
    """The slots that are set, the lowest first."""
    if bits.bit_count() > _MANY:
        return [slot for slot, digit in enumerate(reversed(f"{bits:b}")) if digit == "1"]
    found: list[int] = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def of(slots: Collection[int]) -> int:
    """The set of these slots."""
    if len(slots) <= _FEW:
        found = 0
        for slot in slots:
            found |= 1 << slot
        return found
    octets = bytearray(max(slots) // 8 + 1)
    for slot in slots:
        octets[slot >> 3] |= 1 << (slot & 7)
    return int.from_bytes(octets, "little")


def free(bits: int, count: int) -> list[int]:
    """The first slots that are not set."""
    found: list[int] = []
    for _ in range(count):
        found.append(lowest_free(bits))
        bits |= 1 << found[-1]
    return found


def lowest_free(bits: int) -> int:
    """The first slot that is not set."""
    return (~bits & (bits + 1)).bit_length() - 1
