"""What a searcher sees: for each family of fields, of whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from directory.search.lines import FAMILIES, OPEN
from directory.search.sets import Blocks, either, holds
from server.auth.visibility import DEFAULTS

EVERYBODY, ABOVE, ADMINISTRATORS, ONESELF = "everybody", "above", "administrators", "self"

_FIXED = dict.fromkeys(OPEN, EVERYBODY) | {"login_id": ADMINISTRATORS}
"""What the company has no choice in: a login ID is no field of the directory, administrators know it."""


@dataclass(frozen=True)
class Searcher:
    """Who asks: whether he administers users or anpi, and who sees a field, as the company has set it."""

    account_id: int
    administrator: bool = False
    visibility: Mapping[str, str] = field(default_factory=dict)

    def class_of(self, name: str) -> str:
        """Who sees a field."""
        return _FIXED.get(name) or self.visibility.get(name) or str(DEFAULTS.get(name, EVERYBODY))


@dataclass(frozen=True)
class Sight:
    """Whom a searcher may find, by family; ``limited`` are the fields that he does not see of everybody."""

    families: Mapping[str, Blocks]
    limited: frozenset[str]

    def hidden(self, block: int, slot: int) -> set[str]:
        """The fields of this person that he does not see."""
        return {name for name in self.limited if not holds(self.families[FAMILIES[name]], block, slot)}


def sight(searcher: Searcher, everybody: Blocks, below: Callable[[], Blocks], himself: Blocks) -> Sight:
    """``below``: those of ``everybody`` who are in his departments or under them."""
    classes = {searcher.class_of(name) for name in FAMILIES}
    of_class = {
        EVERYBODY: everybody,
        ABOVE: either((below(), himself)) if ABOVE in classes else {},
        ADMINISTRATORS: everybody if searcher.administrator else himself,
        ONESELF: himself,
    }
    families = {family: of_class[searcher.class_of(name)] for name, family in FAMILIES.items()}
    limited = frozenset(name for name, family in FAMILIES.items() if families[family] is not everybody)
    return Sight(families, limited)
