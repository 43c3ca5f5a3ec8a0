"""Kinds of values in the configuration; each refuses with what is wrong and what to do, never repeating the value."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.secret import Secret

SHORTEST_SECRET = 16
"""Characters of a key or token that cannot be guessed."""

ARGON2ID = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


class Part(BaseModel):
    """A mapping of the configuration. An empty one means its defaults, also when all its lines are comments."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value


def _secret(value: Any) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("it must be a text: put it in quotes, better in secrets.yaml")  # noqa: TRY004 - for pydantic
    if not value.strip():
        raise ValueError("it is empty: write the secret into secrets.yaml and name it by !secret")
    return Secret(value.strip())


def _long(secret: Secret) -> Secret:
    if len(secret.reveal()) < SHORTEST_SECRET:
        raise ValueError(
            f"it has fewer than {SHORTEST_SECRET} characters: take a longer one (orchestrator keys new makes one)"
        )
    return secret


SecretText = Annotated[
    Secret,
    PlainValidator(_secret),
    PlainSerializer(lambda secret: secret, return_type=Any),
    WithJsonSchema({"type": "string"}),
]
LongSecret = Annotated[SecretText, AfterValidator(_long)]


def _password(secret: Secret) -> Secret:
    text = secret.reveal()
    if text.startswith("$argon2") and not ARGON2ID.fullmatch(text):
        raise ValueError("it begins like a hash and is none: take the line that orchestrator keys hash-password prints")
    return secret


Password = Annotated[LongSecret, AfterValidator(_password)]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("it is no address: write it like https://example.com") from None
    return parts


def is_loopback(host: str) -> bool:
    """Whether only this machine is meant."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _bare_url(url: str) -> SplitResult:
    parts = _split(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it must begin with https:// and a host name")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("it must be a bare address: remove user name, ? and #")
    return parts


def _http_url(url: str) -> str:
    _bare_url(url)
    return url.rstrip("/")


def _public_url(url: str) -> str:
    parts = _bare_url(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("secrets travel to this address: use https (http is for this machine only)")
    return url.rstrip("/")


def _database_url(secret: Secret) -> Secret:
    scheme, _, rest = secret.reveal().partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return secret
    if scheme == "mysql+pymysql" and _split(secret.reveal()).hostname and len(_split(secret.reveal()).path) > 1:
        return secret
    raise ValueError("write mysql+pymysql://user:password@host/database or sqlite:///file")


def _queue_url(url: str) -> str:
    parts = _split(url)
    if url == "embedded" or (parts.scheme == "beanstalk" and parts.hostname and parts.path in {"", "/"}):
        return url.rstrip("/")
    raise ValueError("write embedded or beanstalk://host:11300")


def _cron(expression: str, info: ValidationInfo) -> str:
    check = (info.context or {}).get("check_schedule")
    try:
        if check is not None:
            check(expression)
    except OrchestratorError:
        raise ValueError('it is no cron expression: write five fields in quotes, like "*/15 * * * *"') from None
    return expression


def _beside(path: Path, info: ValidationInfo) -> Path:
    """A relative path is seen from the configuration's folder."""
    if "\0" in str(path):
        raise ValueError("it is no file name: correct it")
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path


HttpUrl = Annotated[str, AfterValidator(_http_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
DatabaseUrl = Annotated[SecretText, AfterValidator(_database_url)]
QueueUrl = Annotated[str, AfterValidator(_queue_url)]
Cron = Annotated[str, AfterValidator(_cron)]
FilePath = Annotated[Path, AfterValidator(_beside)]
