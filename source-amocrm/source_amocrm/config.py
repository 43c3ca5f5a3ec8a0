"""The connector's configuration as a frozen value; every mistake in it is told in one sentence that names the key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from source_amocrm.errors import ConfigError

HOST_PATTERN = r"^(?!www\.)[a-z0-9]([a-z0-9-]*[a-z0-9])?\.(amocrm\.ru|amocrm\.com|kommo\.com)$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$"
MAX_REQUESTS_PER_SECOND = 7
DEFAULT_START = "2015-01-01T00:00:00Z"

LONG_LIVED = "long_lived_token"
OAUTH = "oauth2.0"

TOP_KEYS = (
    "host",
    "credentials",
    "start_date",
    "requests_per_second",
    "num_workers",
    "rate_limits",
    "lookback_window",
    "base_url",
    "record_ids",
    "connect_timeout",
    "read_timeout",
    "max_retries",
    "backoff_seconds",
    "budget_file",
)
CREDENTIAL_KEYS = {
    LONG_LIVED: ("auth_type", "access_token"),
    OAUTH: (
        "auth_type",
        "client_id",
        "client_secret",
        "redirect_uri",
        "access_token",
        "refresh_token",
        "token_expiry_date",
    ),
}
# Airbyte itself adds keys of this form (Connector Builder, acceptance tests); they are not the user's.
PLATFORM_PREFIXES = ("__", "_")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long one request may take and how often it is tried again.

    `connect_timeout`, `read_timeout`, `backoff_seconds` are seconds; `max_retries` counts repeats after the first try.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    max_retries: int = 5
    backoff_seconds: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything but the credentials, checked and typed. `start` and `lookback` are Unix seconds and seconds.

    `requests_per_second` is None only against a sandbox that does not limit either. `budget_file` is shared with other
    processes of this machine that read the same account.
    """

    host: str
    base_url: str
    start: int
    requests_per_second: float | None = float(MAX_REQUESTS_PER_SECOND)
    num_workers: int = 4
    lookback: int = 300
    record_ids: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    budget_file: Path | None = None


def parse(config: Mapping[str, Any]) -> Settings:
    """Turn a config into settings.

    :raises ConfigError: names the key, what is wrong with it and what to do.
    """
    _refuse_unknown(config, TOP_KEYS, where="the configuration")
    host = _host(config)
    base_url = _base_url(config, host)
    _check_credentials(config)
    return Settings(
        host=host,
        base_url=base_url,
        start=_start(config),
        requests_per_second=_requests_per_second(config),
        num_workers=int(_number(config, "num_workers", 4, 2, 20)),
        lookback=int(_number(config, "lookback_window", 300, 0, 30 * 86_400)),
        record_ids=_record_ids(config.get("record_ids")),
        patience=Patience(
            connect_timeout=_number(config, "connect_timeout", 10, 0.05, 600),
            read_timeout=_number(config, "read_timeout", 60, 0.05, 3600),
            max_retries=int(_number(config, "max_retries", 5, 0, 20)),
            backoff_seconds=_number(config, "backoff_seconds", 1, 0, 60),
        ),
        budget_file=_budget_file(config.get("budget_file")),
    )


def parse_time(value: Any) -> int | None:
    """Unix seconds of an ISO date, an ISO date-time or a number; None when it is none of them."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    if not isinstance(value, str):
        return None
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return int(float(value))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _host(config: Mapping[str, Any]) -> str:
    host = config.get("host")
    if not isinstance(host, str) or not re.match(HOST_PATTERN, host):
        raise ConfigError(
            f"`host` is {host!r}, which is not the address of an amoCRM account: write it without https:// and without "
            "a path, such as acme.amocrm.ru, acme.amocrm.com or acme.kommo.com."
        )
    return host


def _base_url(config: Mapping[str, Any], host: str) -> str:
    base_url = config.get("base_url")
    if base_url is None or base_url == "":
        return f"https://{host}"
    if not isinstance(base_url, str) or not re.match(r"^https?://[^/\s]+$", base_url.rstrip("/")):
        raise ConfigError(
            f"`base_url` is {base_url!r}: write scheme and host only, such as http://127.0.0.1:8900, or leave it out."
        )
    return base_url.rstrip("/")


def _start(config: Mapping[str, Any]) -> int:
    text = config.get("start_date", DEFAULT_START)
    start = parse_time(text) if isinstance(text, str) and re.match(DATE_PATTERN, text) else None
    if start is None:
        raise ConfigError(f"`start_date` is {text!r}: write it as 2015-01-01T00:00:00Z (UTC).")
    return start


def _requests_per_second(config: Mapping[str, Any]) -> float | None:
    pace = _number(config, "requests_per_second", MAX_REQUESTS_PER_SECOND, 0.1, MAX_REQUESTS_PER_SECOND)
    limits = config.get("rate_limits", "vendor")
    if limits not in ("vendor", "off") or (limits == "off" and not config.get("base_url")):
        raise ConfigError(
            f"`rate_limits` is {limits!r}: leave it out; `off` is for measurements against a sandbox in `base_url`."
        )
    return pace if limits == "vendor" else None


def _number(config: Mapping[str, Any], key: str, default: float, low: float, high: float) -> float:
    value = config.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"`{key}` is {value!r}: write a number from {low:g} to {high:g}.")
    return float(value)


def _check_credentials(config: Mapping[str, Any]) -> None:
    credentials = config.get("credentials")
    if not isinstance(credentials, Mapping):
        raise ConfigError("`credentials` is missing: give a long-lived token or the OAuth keys of your integration.")
    auth_type = credentials.get("auth_type")
    if auth_type not in CREDENTIAL_KEYS:
        raise ConfigError(f"`credentials.auth_type` is {auth_type!r}: write {LONG_LIVED!r} or {OAUTH!r}.")
    _refuse_unknown(credentials, CREDENTIAL_KEYS[auth_type], where="`credentials`")
    if auth_type == LONG_LIVED or not credentials.get("refresh_token"):
        if not _filled(credentials.get("access_token")):
            raise ConfigError("`credentials.access_token` is empty: paste the token from the integration's Keys tab.")
        return
    for key in ("client_id", "client_secret", "redirect_uri", "refresh_token"):
        if not _filled(credentials.get(key)):
            raise ConfigError(f"`credentials.{key}` is empty: amoCRM needs it to renew the access token.")
    expiry = credentials.get("token_expiry_date")
    if expiry not in (None, "") and parse_time(expiry) is None:
        raise ConfigError(
            f"`credentials.token_expiry_date` is {expiry!r}: write it as 2026-01-01T00:00:00Z, or leave it out."
        )


def _record_ids(value: Any) -> dict[str, tuple[int, ...]]:
    """`record_ids` as stream -> ids; a bare list means contacts."""
    if value in (None, [], {}):
        return {}
    chosen = value if isinstance(value, Mapping) else {"contacts": value}
    result: dict[str, tuple[int, ...]] = {}
    for stream, ids in chosen.items():
        if not isinstance(ids, list) or any(isinstance(i, bool) or not isinstance(i, int) for i in ids):
            raise ConfigError(
                f"`record_ids` of {stream!r} is not a list of whole numbers: write ids such as [50110011]."
            )
        result[str(stream)] = tuple(dict.fromkeys(ids))
    return result


def _budget_file(value: Any) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, str) or not Path(value).is_absolute():
        raise ConfigError(f"`budget_file` is {value!r}: write the full path of a file, or leave it out.")
    return Path(value)


def _refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for key in given:
        if key in known or key.startswith(PLATFORM_PREFIXES):
            continue
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"remove it; known keys are {', '.join(known)}."
        raise ConfigError(f"`{key}` is not a key of {where}: {hint}")


def _filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
