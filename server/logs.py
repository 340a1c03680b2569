"""Logs: one event a line on standard error, as JSON for machines or as text on a terminal.

What the standard library logs (uvicorn, alembic) goes the same way. Nothing here may carry a query string:
links hold tokens.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from server.settings import Settings


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Set up all logging of this process."""
    stream = stream or sys.stderr
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not stream.isatty())
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _configure_standard(stream, level, as_json)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _configure_standard(stream: TextIO, level: int, as_json: bool) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(as_json)],
            foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder(allow=[]), _name_logger],
        )
    )
    handler.addFilter(_quiet)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(level, logging.INFO))
    # Ours has the request's number and never the query.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    access.disabled = True
    # At "debug" it tells every header that comes back, cookies too.
    logging.getLogger("httpcore2").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))


def _last(as_json: bool) -> list[Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _quiet(record: logging.LogRecord) -> bool:
    """Whether a line may pass. uvicorn's lines about sockets carry the address with its query string."""
    return not (record.name == "uvicorn.error" and '"WebSocket %s"' in str(record.msg))


def _name_logger(logger: Any, name: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if record is not None:
        event["logger"] = record.name
    return event
