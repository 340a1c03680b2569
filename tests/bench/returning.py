"""Thousands who hold timelines, lose their lines at once, and come back as the browser app does.

A program: ``python -m tests.bench.returning --who FILE --port PORT --posters N --way drop|restart``. Says ``ready``
when everybody holds his timelines, waits for a line on stdin, then either cuts all lines itself (``drop``) or waits
for the server to end them (``restart``). The last people of the list are the posters: they go on posting, each
message kept until it is acknowledged and sent again under the same ``client_id``. When everybody is resumed and the
posters have stopped, every timeline is compared with the whole history. One line of JSON, or one sentence on stderr.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import uvloop

from tests.bench.clients import Lost, Person, Poster
from tests.bench.shapes import encode

OPENING_AT_ONCE = 200
PATIENCE_SECONDS = 180.0
SETTLE_SECONDS = 60.0
"""Beyond the heads that the server tells every 40 seconds: by then every loss has healed or never will."""


class Run:
    """All people, and what becomes of them."""

    def __init__(self, who: Path, port: int, posters: int, rate: float) -> None:
        self.counts: Counter[str] = Counter()
        lines = [line.split("\t") for line in who.read_text().splitlines()]
        host = f"127.0.0.1:{port}"
        self.readers = [Person(host, port, cookie, self.counts) for cookie, _ in lines[:-posters]]
        self.posters: list[Poster] = []
        for cookie, rooms in lines[-posters:]:
            taken = {poster.channel for poster in self.posters}
            channel = next(room for room in map(int, rooms.split(",")) if room not in taken)
            self.posters.append(Poster(host, port, cookie, self.counts, channel))
        self.rate = rate
        self.posted = 0
        self.bugs: list[str] = []
        asyncio.get_running_loop().set_exception_handler(self._note)

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What is raised while a frame is heard would otherwise only be logged."""
        self.bugs.append(repr(context.get("exception", context["message"])))

    async def wait_while(self, something: Callable[[], object], seconds: float, why: str) -> None:
        """Until it is no longer so."""
        end = time.monotonic() + seconds
        while something():
            if self.bugs:
                raise Lost(self.bugs[0])
            if time.monotonic() > end:
                raise Lost(why)
            await asyncio.sleep(0.05)

    @property
    def everybody(self) -> list[Person]:
        return [*self.readers, *self.posters]

    async def open(self) -> None:
        some = asyncio.Semaphore(OPENING_AT_ONCE)

        async def enter(person: Person) -> None:
            async with some:
                person.connect()
                await person.resumed.wait()

        entering = asyncio.gather(*map(enter, self.everybody))
        await self.wait_while(lambda: not entering.done(), PATIENCE_SECONDS, "not everybody came in")

    async def keep_posting(self) -> None:
        """At a steady rate, whatever the server does."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(max(0.0, began + self.posted / self.rate - time.monotonic()))
            self.posters[self.posted % len(self.posters)].post()
            self.posted += 1

    async def come_back(self, way: str) -> dict[str, object]:
        """From now until everybody who is to lose his line has lost it and is resumed."""
        self.counts.clear()
        went, cpu = time.monotonic(), own_cpu()
        people = self.readers if way == "drop" else self.everybody
        if way == "drop":
            for person in people:
                person.cut()
        left = went + PATIENCE_SECONDS - time.monotonic()
        await self.wait_while(lambda: self._away(people, went), left, "not everybody came back in time")
        seconds = time.monotonic() - went
        back = sorted(person.resumed_at - went for person in people)
        away = sorted(person.resumed_at - person.lost_at for person in people)
        return {
            "people": len(people),
            "timelines": sum(len(person.held) for person in people),
            "back_p50_s": back[len(back) // 2],
            "back_last_s": back[-1],
            "away_p50_s": away[len(away) // 2],
            "away_longest_s": away[-1],
            "attempts": self.counts["attempts"],
            "client_busy": (own_cpu() - cpu) / seconds,
        }

    def _away(self, people: Sequence[Person], since: float) -> bool:
        """Whether somebody has still to lose his line, or to be resumed."""
        return any(person.lost_at < since or not person.resumed.is_set() for person in people)

    async def settle(self) -> dict[str, object]:
        """Nobody posts any more: everything is acknowledged, and everybody holds exactly what there is."""
        await self.wait_while(self._unanswered, SETTLE_SECONDS, "posts were never acknowledged")
        truth = {poster.channel: await poster.everything() for poster in self.posters}
        self._check_truth({channel: rows for channel, (_, rows) in truth.items()})
        began = time.monotonic()
        revs = {channel: rev for channel, (rev, _) in truth.items()}
        await self.wait_while(lambda: self._behind(revs), SETTLE_SECONDS, "some timelines stayed behind")
        for person in self.everybody:
            for channel, held in person.held.items():
                if wrong := held.wrong(truth[channel][1]):
                    raise Lost(f"a timeline of channel {channel} is not the list: {wrong}")
        return {"posted": self.posted, "settled_s": time.monotonic() - began}

    def _unanswered(self) -> bool:
        return any(poster.waiting for poster in self.posters)

    def _behind(self, revs: dict[int, int]) -> bool:
        return any(held.rev < revs[channel] for person in self.everybody for channel, held in person.held.items())

    def _check_truth(self, truth: dict[int, dict[int, str]]) -> None:
        stored = Counter(client_id for rows in truth.values() for client_id in rows.values())
        for client_id, times in stored.items():
            if times > 1:
                raise Lost(f"message {client_id} was said {times} times")
        for channel, rows in truth.items():
            if sorted(rows) != list(range(1, len(rows) + 1)):
                raise Lost(f"channel {channel} has a hole in its numbers")
        for poster in self.posters:
            for client_id, (channel, seq) in poster.acked.items():
                if truth[channel].get(seq) != client_id:
                    raise Lost(f"acknowledged message {client_id} is not at its place")


def own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def returned(who: Path, port: int, posters: int, rate: float, way: str) -> dict[str, object]:
    run = Run(who, port, posters, rate)
    await run.open()
    posting = asyncio.create_task(run.keep_posting())
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    result = await run.come_back(way)
    posting.cancel()
    result |= await run.settle()
    result |= {name: run.counts[name] for name in ("gave_up", "changes", "resets", "gaps")}
    result["closes"] = {name: count for name, count in run.counts.items() if name.startswith(("closed", "refused"))}
    return result


@click.command()
@click.option("--who", type=click.Path(path_type=Path), required=True)
@click.option("--port", type=int, required=True)
@click.option("--posters", type=int, required=True)
@click.option("--rate", type=float, default=50.0)
@click.option("--way", type=click.Choice(["drop", "restart"]), required=True)
def main(who: Path, port: int, posters: int, rate: float, way: str) -> None:
    """Hold, lose, come back; print what was measured."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            print(encode(runner.run(returned(who, port, posters, rate, way))).decode(), flush=True)
        except (Lost, TimeoutError) as problem:
            raise SystemExit(f"{problem or 'time is up: not everybody came back'}") from None


if __name__ == "__main__":
    main()
