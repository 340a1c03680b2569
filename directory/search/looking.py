"""Looking closely at those whom the index gives: is he truly found, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from directory.search import queries
from directory.search.lines import Line
from directory.search.queries import Indexed, block_and_slot
from directory.search.question import Word
from directory.search.sight import Sight


class Looks:
    """Who was looked at for one question, each read once."""

    def __init__(self, connection: Connection, words: Sequence[Word], sight: Sight) -> None:
        self._connection = connection
        self._words = words
        self._sight = sight
        self._verdicts: dict[int, bool] = {}
        self.at: dict[int, Indexed] = {}
        """Who stands at each place that has been looked at."""

    def look(self, places: Iterable[int]) -> None:
        """Read who stands at these places, all at once."""
        new = [place for place in places if place not in self.at]
        if new:
            self.at |= {each.place: each for each in queries.at_places(self._connection, new)}

    def is_found(self, place: int) -> bool:
        """Whether every word stands somewhere in what the searcher may see of him."""
        if place not in self._verdicts:
            self.look([place])
            stored = self.at[place].stored
            self._verdicts[place] = all(word.may_stand_in(stored) for word in self._words) and self._shows(place)
        return self._verdicts[place]

    def opens(self, place: int) -> bool:
        """Whether his name begins with a word."""
        lines = self._lines(place)
        return any(word.opens(lines) for word in self._words)

    def hit_field(self, place: int) -> str:
        """The field in which the first word stands, a name that begins with it before all."""
        lines, word = self._lines(place), self._words[0]
        field = word.opens(lines) or word.stands_in(lines)
        assert field is not None, "whoever is found shows the word"
        return field

    def _shows(self, place: int) -> bool:
        lines = self._lines(place)
        return all(word.stands_in(lines) for word in self._words)

    def _lines(self, place: int) -> Sequence[Line]:
        """What the searcher may see of who stands there."""
        self.look([place])
        hidden = self._sight.hidden(*block_and_slot(place))
        lines = self.at[place].lines.lines
        return [line for line in lines if line[0] not in hidden] if hidden else lines
