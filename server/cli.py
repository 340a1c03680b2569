"""The command ``renraku``. A trouble that an operator can mend is one clear line, and exit code 1."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.exc import OperationalError

from server import logs, loop, settings
from server.auth.company_changing import LICENCES_LIMIT, LicenceChanges
from server.checking import check
from server.clients import order
from server.control import NoAnswer
from server.data import engine, migrate
from server.data.engine import UnsupportedDatabase
from server.folder import FolderInUse, owned
from server.module import UnknownModule, load_modules
from server.opening import OldDatabase
from server.operating import (
    AddUser,
    Delete,
    Disable,
    Enable,
    Feature,
    GivePassword,
    Licence,
    LoadDemo,
    Report,
    SetTalk,
)
from server.readable import readable_password
from server.run import run_worker
from server.serving import PortInUse, serve_company
from server.settings import Settings, WrongSettings
from server.welcoming import NobodyYet, welcome_again

Result = TypeVar("Result")

TROUBLES = (
    WrongSettings,
    UnsupportedDatabase,
    UnknownModule,
    OldDatabase,
    FolderInUse,
    PortInUse,
    NoAnswer,
    NobodyYet,
)


class _Commands(click.Group):
    """Our own commands, and those of the features that run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_of_features()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _of_features().get(cmd_name)


def _of_features() -> dict[str, click.Command]:
    with _in_one_line():
        modules = load_modules(_settings().modules)
    found = [command for module in modules if module.cli is not None for command in module.cli(_ask)]
    return {command.name or "": command for command in found}


def _ask(feature: str, what: str, given: dict[str, Any]) -> list[str]:
    return _order(Feature(feature=feature, what=what, given=given)).said


@click.group(cls=_Commands)
def main() -> None:
    """Renraku (連絡): talk, directory and safety confirmation on a company's own server."""


@main.command()
@click.option("--host", help="The address to listen on (RENRAKU_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on (RENRAKU_PORT).")
@click.option("--demo/--no-demo", default=True, help="Load the demo company when there is nobody yet.")
def serve(host: str | None, port: int | None, demo: bool) -> None:
    """Serve until told to stop."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    chosen = _settings(**given)
    logs.configure(chosen)
    _run(serve_company(chosen, demo))


@main.command()
def work() -> None:
    """Do the jobs and ticks of a shared database."""
    chosen = _settings()
    logs.configure(chosen)
    if chosen.embedded:
        _run(_until_stopped("With SQLite `renraku serve` does this work. Nothing to do here but to wait."))
    else:
        _run(_worker(chosen))


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database to the shape that this version needs."""
    chosen = _settings()
    logs.configure(chosen)
    with _in_one_line():
        database = engine.throwaway_engine(engine.parse(chosen.database))
        with owned(chosen.var) if chosen.embedded else nullcontext():
            migrate.upgrade(database)
    click.echo(f"The database has the shape {migrate.newest()}.")


@main.command("demo")
def demo_command() -> None:
    """Load the demo company."""
    report = _order(LoadDemo())
    where = _settings().var / "demo.txt"
    click.echo(f"The demo company is loaded: {where}" if report.done else "There are people already.")


@main.command("check-config")
def check_config() -> None:
    """Read the settings, look at what they name, and say what is wrong."""
    findings = check(_settings())
    for finding in findings:
        click.echo(finding)
    if any(finding.startswith("✗") for finding in findings):
        sys.exit(1)


@main.command("welcome")
@click.option("--write", "file", type=click.Path(path_type=Path), help="Into this file instead.")
def welcome(file: Path | None) -> None:
    """Print the 開通案内 again, without the password."""
    chosen = _settings()
    with _in_one_line():
        letter = welcome_again(chosen)
        if file is None:
            return click.echo(letter.as_text(chosen.language))
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(letter.as_file(chosen.language))
    return click.echo(f"Written: {file}")


@main.command("licence")
@click.option("--basic", type=click.IntRange(0, LICENCES_LIMIT), help="基本ユーザライセンス数")
@click.option("--talk", type=click.IntRange(0, LICENCES_LIMIT), help="トークライセンス数")
@click.option("--anpi", type=click.IntRange(0, LICENCES_LIMIT), help="安否確認機能数")
def licence_command(**given: int | None) -> None:
    """Show the three licence numbers, after setting those that are given."""
    changes = LicenceChanges(**{name: value for name, value in given.items() if value is not None})
    report = _order(Licence(changes=changes))
    for name, counter in report.licences.items():
        click.echo(f"{name}: {counter.used} of {counter.limit} ID in use")


@main.group()
def user() -> None:
    """Add people, give them passwords, disable or delete them."""


@user.command("add")
@click.argument("login_id")
@click.option("--name", required=True, help="氏名")
@click.option("--kana", default="", help="氏名カナ")
@click.option("--language", default="ja", type=click.Choice(["ja", "en"]))
@click.option("--talk", is_flag=True, help="トーク 有効")
@click.option("--privilege", "privileges", multiple=True, help="e.g. ADMIN_USER; may be given several times.")
@click.option("--generate", is_flag=True, help="Make the first password and print it.")
def add(
    login_id: str,
    name: str,
    kana: str,
    language: str,
    talk: bool,
    privileges: tuple[str, ...],
    generate: bool,
) -> None:
    """Add somebody, who must choose a password of his own at the first sign-in."""
    password = _first_password(generate)
    _order(
        AddUser(
            login_id=login_id,
            name=name,
            kana=kana,
            language=language,
            talk=talk,
            privileges=list(privileges),
            password=password,
        )
    )
    _say_added(login_id, password if generate else "")


@user.command("password")
@click.argument("login_id")
@click.option("--generate", is_flag=True, help="Make a password and print it.")
def password_command(login_id: str, generate: bool) -> None:
    """Give a new password, to be changed at the next sign-in; all sessions end."""
    password = _first_password(generate)
    _order(GivePassword(login_id=login_id, password=password))
    _say_added(login_id, password if generate else "")


@user.command("disable")
@click.argument("login_id")
def disable(login_id: str) -> None:
    """No sign-in any more; still listed."""
    _order(Disable(login_id=login_id))
    click.echo(f"{login_id} is disabled and signed out everywhere.")


@user.command("enable")
@click.argument("login_id")
def enable(login_id: str) -> None:
    """May sign in again."""
    _order(Enable(login_id=login_id))
    click.echo(f"{login_id} is enabled.")


@user.command("delete")
@click.argument("login_id")
@click.confirmation_option(prompt="This cannot be undone. Delete?")
def delete(login_id: str) -> None:
    """Remove somebody; what he said keeps his name."""
    _order(Delete(login_id=login_id))
    click.echo(f"{login_id} is deleted.")


@user.command("talk")
@click.argument("login_id")
@click.argument("state", type=click.Choice(["on", "off"]))
def talk(login_id: str, state: str) -> None:
    """トーク 有効 (on) or 無効 (off)."""
    _order(SetTalk(login_id=login_id, talk=state == "on"))
    click.echo(f"Talk is {state} for {login_id}.")


def _first_password(generate: bool) -> str:
    """From a prompt, or from standard input for scripts; never from the command line, which others can see."""
    if generate:
        return readable_password()
    if sys.stdin.isatty():
        prompted: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return prompted
    return sys.stdin.readline().rstrip("\r\n")


def _say_added(login_id: str, generated: str) -> None:
    click.echo(f"{login_id} must choose a new password at the next sign-in.")
    if generated:
        click.echo(f"Password: {generated}")


def _settings(**given: Any) -> Settings:
    try:
        return settings.load(**given)
    except WrongSettings as problem:
        raise click.ClickException(str(problem)) from None


def _order(wish: Any) -> Report:
    """Have it done by the running server, or do it here; a refusal ends the command."""
    chosen = _settings()
    # Warnings only: what the command says is the answer, not the log.
    logs.configure(chosen.model_copy(update={"log_level": "warning"}))
    report = _run(order(chosen, wish, lambda far: click.echo(far, err=True)))
    if report.code:
        raise click.ClickException(report.message)
    return report


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it to its end."""
    try:
        with _in_one_line():
            return loop.run(work)
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """A trouble that an operator can mend ends the command with one line that says it."""
    try:
        yield
    except TROUBLES as trouble:
        raise click.ClickException(str(trouble)) from None
    except (PermissionError, NotADirectoryError, FileExistsError) as trouble:
        raise click.ClickException(f"{trouble.filename}: {trouble.strerror}.") from None
    except OperationalError as trouble:
        reason = str(trouble.orig).strip().partition("\n")[0]
        raise click.ClickException(f"The database cannot be reached: {reason}") from None


async def _worker(chosen: Settings) -> None:
    await run_worker(chosen, *_signals())


async def _until_stopped(saying: str) -> None:
    stop, _ = _signals()
    click.echo(saying)
    await stop.wait()


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """The first SIGTERM or SIGINT, and one more."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def heard() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, heard)
    return stop, hurry
