"""Which column of the file means what: by name, in any order, whatever the case, blanks and underscores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from directory.imports.cells import MASK
from directory.imports.columns import COLUMNS, KNOWN_HEADINGS, folded_heading
from directory.imports.model import Heading, Kind


@dataclass(frozen=True)
class Layout:
    """Where each column stands; what was not understood; what was given twice."""

    places: Mapping[str, int]
    headings: tuple[Heading, ...]
    unknown: tuple[str, ...]
    twice: tuple[str, ...]

    @property
    def columns(self) -> Collection[str]:
        return self.places.keys()

    def cells(self, row: Sequence[str]) -> dict[str, str]:
        """The row by column; cells that are missing at its end are blank."""
        return {name: row[at] if at < len(row) else "" for name, at in self.places.items()}

    def keepable(self, row: Sequence[str]) -> list[str]:
        """The row as it may be kept and given back: passwords masked, and blank what was not understood.

        What stands under an unknown heading may be a password as well: a users file among the departments, or "PW".
        """
        names = {at: name for name, at in self.places.items()}
        return [
            "" if at not in names else MASK if text and names[at] == "PASSWORD" else text
            for at, text in enumerate(row)
        ]


def layout(kind: Kind, row: Sequence[str], remembered: Mapping[str, str], hidden: Collection[str] = ()) -> Layout:
    """The meaning of a header row. ``remembered`` are this company's own headings, folded; ``hidden`` are columns
    that administrators may not see."""
    places: dict[str, int] = {}
    headings, unknown, twice = [], [], []
    for at, heading in enumerate(row):
        folded = folded_heading(heading)
        column = KNOWN_HEADINGS[kind].get(folded) or remembered.get(folded)
        if column is None or column not in COLUMNS[kind] or column in hidden:
            unknown += [heading] if folded else []
        elif column in places:
            twice.append(column)
        else:
            places[column] = at
            headings.append(Heading(heading.strip(), column))
    return Layout(places, tuple(headings), tuple(unknown), tuple(twice))
