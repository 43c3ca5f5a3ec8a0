"""Log lines: for people on a terminal, JSON elsewhere; whatever was bound is on each line, and no secret on any."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog

LIBRARIES_AT_WARNING = ("uvicorn.access", "alembic", "sqlalchemy", "urllib3", "sse_starlette", "asyncio")


def set_up_logs(*, level: str = "info", form: str = "auto") -> None:
    """Send every log line to standard error.

    `form`: `text` for people, `json` for machines, `auto` decides by whether standard error is a terminal.
    """
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    last = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in LIBRARIES_AT_WARNING:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):  # uvicorn brings handlers of its own
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def _without_secrets(_: object, __: str, line: Mapping[str, Any]) -> Mapping[str, Any]:
    """The last net: a field that by its name holds a secret is masked, whoever logged it."""
    return {name: "***" if _tells_a_secret(name) else value for name, value in line.items()}


def _tells_a_secret(name: str) -> bool:
    return name.lower().endswith(("token", "secret", "password", "api_key", "authorization"))
