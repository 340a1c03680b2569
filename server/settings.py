"""Every setting, with a default that runs on a fresh machine. Read from ``RENRAKU_…`` in the environment.

A name that is unknown is refused at start: a misspelt setting that is silently ignored is found on the worst
day. docs/settings.md lists them all; a test keeps it complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.clock import zone
from server.data.store.address import parse_address
from server.text import is_mail_address, one_line
from server.work.clamd_address import parse_clamd, require_listed
from server.work.relay import parse_relay
from server.work.syslog_address import parse_syslog

PREFIX = "RENRAKU_"


class WrongSettings(Exception):
    """Settings with which nothing can start; the text names each wrong one."""


class Settings(BaseSettings):
    """What an operator decides."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    modules: tuple[str, ...] = Field(
        ("directory", "chat", "anpi", "web"), description="The features that run, as a JSON list."
    )
    var: Path = Field(Path("var"), description="The folder for everything that is kept: database, secrets, files.")
    database_url: str = Field("", description="postgresql://… for many processes; empty: SQLite in the var folder.")
    redis_url: str = Field(
        "", description="redis://…, rediss://… or unix://…: joins the processes that share a PostgreSQL."
    )
    master_key: str = Field(
        "",
        pattern="^([0-9a-f]{64})?$",
        description="64 hex digits that sign for every process; empty: made in the var folder at the first start.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on.")
    public_url: str = Field(
        "",
        description="How people reach the server, https://… without a path. Links in mails come from here only.",
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="Host names that are answered besides loopback, IP addresses and the public one; a JSON list.",
    )
    allow_http: bool = Field(
        False, description="Allow sign-in without TLS from other machines (plain cookie, under a red bar)."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Proxies whose X-Forwarded-For and -Proto are believed, separated by commas."
    )
    company: str = Field("", max_length=100, description="The company's name, until one is kept in the database.")
    language: Literal["ja", "en"] = Field("ja", description="The language of those who have not chosen one.")
    session_idle_days: int = Field(30, ge=1, le=365, description="A session ends when unused for so many days.")
    session_days: int = Field(90, ge=1, le=3650, description="A session ends after so many days in any case.")
    argon2_memory: int = Field(
        19456, ge=64, le=4_194_304, description="KiB of memory for one password hash (OWASP: 19456)."
    )
    edit_hours: int = Field(24, ge=0, le=87600, description="How long one may edit or delete one's own message.")
    posts_per_second: int = Field(
        20,
        ge=1,
        le=1_000_000,
        description="Messages a second that one connection may post, with five times that at once.",
    )
    heads_seconds: float = Field(
        40.0, ge=0.1, le=3600, description="How often each connection is told the newest rev of its topics."
    )
    smtp_url: str = Field(
        "", description="smtp://user:password@host:587 or smtps://…, which carries mails on; empty: a folder does."
    )
    smtp_url_2: str = Field(
        "", description="A second one for the safety check, which takes over when the first fails; written alike."
    )
    mail_from: str = Field("", max_length=300, description="From whom mails are: an address, or Name <address>.")
    anpi_smtp_connections: int = Field(
        8, ge=1, le=50, description="Connections by which a process sends the mails of the safety check."
    )
    anpi_mails_per_second: int = Field(
        50,
        ge=0,
        le=10_000,
        description="Mails a second to each carrier (docomo, au …) and free-mail host; 0: no limit.",
    )
    anpi_return_address: str = Field(
        "",
        max_length=200,
        description="The mailbox that bounces and answers by reply come to, each under an address of its own (+…).",
    )
    anpi_lmtp: str = Field(
        "",
        pattern=r"^(\S+:[0-9]{1,5})?$",
        description="host:port on which mails to that address are taken in by LMTP; empty: nowhere.",
    )
    push_hosts: tuple[str, ...] = Field(
        ("fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "*.notify.windows.com"),
        description="Hosts of browsers' makers that may be asked to wake a browser; *. stands for any below. "
        "A JSON list.",
    )
    anpi_sms_url: str = Field(
        "",
        max_length=500,
        description="https://… of an SMS service that takes a POST; who is asked again gets one. Empty: no SMS.",
    )
    anpi_sms_header: str = Field(
        "", max_length=1000, description="A header of that request, such as Authorization: Bearer …"
    )
    anpi_sms_body: str = Field(
        '{"to": "{to}", "text": "{text}"}',
        max_length=2000,
        description="Its JSON body; {to} and {text} stand for the number and the text.",
    )
    reserve_mb: int = Field(
        512, ge=0, le=1_048_576, description="MiB of free disk that uploads never touch; below a quarter talk stops."
    )
    ballast_mb: int = Field(
        64, ge=0, le=65_536, description="MiB in a file that is given up for answers when the disk is full; 0: none."
    )
    storage_url: str = Field(
        "",
        max_length=1000,
        description="s3://key:secret@bucket/prefix?endpoint=…&region=…: where sent files and the talk log's segments "
        "are kept; empty: a folder in the var folder.",
    )
    upload_mb: int = Field(25, ge=1, le=10_240, description="MiB that one file may have.")
    user_files_mb: int = Field(
        10_240, ge=0, le=1_048_576_000, description="MiB that one person's files may take together; 0: no limit."
    )
    company_files_mb: int = Field(
        0, ge=0, le=1_048_576_000, description="MiB that all files may take together; 0: as much as the disk has."
    )
    clamav: str = Field(
        "",
        max_length=200,
        description="clamd, which looks through each file: unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310.",
    )
    clamav_required: bool = Field(
        False, description="Take no file that clamd has not looked through; false: it is sent with a mark."
    )
    time_zone: str = Field(
        "Asia/Tokyo", max_length=60, description="The company's time zone: where the talk log's days end."
    )
    log_segment_mb: float = Field(
        10, ge=0.001, le=1024, description="MiB of the talk log after which a segment is closed; a day is the most."
    )
    log_retention_months: int = Field(
        0, ge=0, le=1200, description="Months that closed segments of the talk log are kept; 0: without limit."
    )
    log_auditors: tuple[str, ...] = Field(
        (),
        description="Mail addresses to which the head of the talk log is sent, daily and at each close; a JSON list.",
    )
    log_syslog: str = Field(
        "", description="Where else the head goes: udp://host:514, tcp://host:601 or unix:/dev/log."
    )
    log_bucket: str = Field(
        "",
        max_length=1000,
        description="A bucket for heads, best with object lock; written as the storage URL is.",
    )
    metrics_token: str = Field(
        "",
        max_length=200,
        description="Who sends it as a Bearer token may read /metrics; empty: this machine, without public URL.",
    )
    sandbox_memory_mb: int = Field(
        512, ge=32, le=16_384, description="MiB of memory for each of the two processes that read strangers' files."
    )
    outbound: bool = Field(
        True, description="Whether the server may reach out to others by itself. false for a closed network."
    )
    outbound_hosts: tuple[str, ...] = Field(
        (),
        validate_default=True,
        description="Hosts in one's own network that it may reach all the same: names or name:port, as a JSON list.",
    )
    jma_url: str = Field(
        "https://www.data.jma.go.jp/developer/xml/feed/",
        max_length=300,
        description="The folder of JMA's lists of telegrams, or of a mirror of them.",
    )
    p2p_url: str = Field(
        "wss://api.p2pquake.net/v2/ws",
        max_length=300,
        description="The socket of P2P地震情報, which has early warnings; its history is read beside it.",
    )
    dmdata_key: str = Field(
        "",
        max_length=200,
        description="A key of dmdata.jp: with it that source is used too, early warnings included.",
    )
    dmdata_url: str = Field(
        "https://api.dmdata.jp/v2/", max_length=300, description="Where dmdata.jp is asked for its socket."
    )
    hazard_secret: str = Field(
        "",
        max_length=200,
        description="Who signs with it may post JMA's telegrams to /api/hazard/inbound, at least 32 characters; "
        "empty: nobody.",
    )
    log_format: Literal["auto", "json", "text"] = Field("auto", description="auto: text on a terminal, else JSON.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, value: str) -> str:
        value = value.rstrip("/")
        if value:
            _require_origin(value)
        return value

    @field_validator("outbound_hosts")
    @classmethod
    def _hosts_alone(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not each or set(each) & set("/@*? "):
                raise ValueError(f"{each!r} is not a host, nor host:port")
        return value

    @field_validator("jma_url", "dmdata_url")
    @classmethod
    def _a_folder(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")) or not value.endswith("/"):
            raise ValueError("must begin with https:// (or http://) and end with /")
        return value

    @field_validator("p2p_url")
    @classmethod
    def _a_web_socket(cls, value: str) -> str:
        if not value.startswith(("wss://", "ws://")):
            raise ValueError("must begin with wss:// (or ws://)")
        return value

    @field_validator("hazard_secret")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        zone(value)
        return value

    @field_validator("log_auditors")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not is_mail_address(each):
                raise ValueError(f"{each!r} is no mail address")
        return value

    @field_validator("log_syslog")
    @classmethod
    def _a_syslog(cls, value: str) -> str:
        if value:
            parse_syslog(value)
        return value

    @field_validator("storage_url", "log_bucket")
    @classmethod
    def _a_bucket(cls, value: str) -> str:
        if value:
            parse_address(value)
        return value

    @field_validator("clamav")
    @classmethod
    def _a_scanner(cls, value: str) -> str:
        if value:
            parse_clamd(value)
        return value

    @field_validator("outbound_hosts")
    @classmethod
    def _with_the_scanner(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("clamav"):
            require_listed(parse_clamd(info.data["clamav"]), value)
        return value

    @field_validator("anpi_return_address")
    @classmethod
    def _a_mailbox(cls, value: str) -> str:
        if value and not is_mail_address(value):
            raise ValueError("must be a mail address")
        return value

    @field_validator("anpi_sms_url")
    @classmethod
    def _a_service(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http://)")
        return value

    @field_validator("anpi_sms_body")
    @classmethod
    def _a_json_body(cls, value: str) -> str:
        try:
            json.loads(value)
        except ValueError:
            raise ValueError("must be JSON") from None
        if "{to}" not in value or "{text}" not in value:
            raise ValueError("must hold {to} and {text}")
        return value

    @field_validator("smtp_url", "smtp_url_2")
    @classmethod
    def _a_relay(cls, value: str) -> str:
        if value:
            parse_relay(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and (value != one_line(value) or not is_mail_address(parseaddr(value)[1])):
            raise ValueError("must be an address, or a name with an address in < >")
        return value

    @property
    def company_name(self) -> str:
        """What stands at the top of every page while the database knows no company."""
        return self.company or "Renraku"

    @property
    def database(self) -> str:
        """The database's address, as SQLAlchemy writes it."""
        return self.database_url or f"sqlite:///{(self.var / 'renraku.db').absolute()}"

    @property
    def embedded(self) -> bool:
        """Whether one process owns all data (SQLite)."""
        return self.database.startswith("sqlite")


def _require_origin(url: str) -> None:
    """Refuse what is more, or less, than the scheme, host and port with which browsers name a site."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// (or http://)")
    # No user name, query or fragment, and names as browsers send them: 連絡.jp is xn--…
    if not url.isascii() or any(char in "@?#\\%, \t\r\n" for char in url):
        raise ValueError("must be scheme, host and port alone")
    parts = urlsplit(url)
    if parts.path:
        raise ValueError("must have no path")
    if not parts.hostname or parts.netloc.endswith(":") or parts.port == 0:
        raise ValueError("must have a host, and a port only if it is another than usual")


def load(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """The settings of this environment; ``given`` goes before it. Raises ``WrongSettings`` with every reason."""
    environment = os.environ if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise WrongSettings(f"Unknown settings: {', '.join(unknown)}. docs/settings.md lists all.")
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as problem:
        lines = [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in problem.errors()]
        raise WrongSettings("\n".join(lines)) from None
    except ValueError as problem:
        raise WrongSettings(f"A setting could not be read: {problem}") from None
