"""Column types that mean the same on MySQL, MariaDB and SQLite."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Column, DateTime, Dialect, Integer, LargeBinary, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

Json = Mapping[str, Any] | Sequence[Any]


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC in and out, stored without a zone, to the microsecond.

    Raises ValueError for a time without a zone: nobody knows what it means.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name == "mysql" else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else naive_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


class JsonText(TypeDecorator[Json]):
    """JSON as text, written by orjson: the servers' own JSON types reorder keys and differ from one another."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(mysql.MEDIUMTEXT() if dialect.name == "mysql" else Text())

    def process_bind_param(self, value: Json | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else orjson.loads(value)


def naive_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone reached the database")
    return value.astimezone(UTC).replace(tzinfo=None)


class Times(dict[datetime | None, str | None]):
    """Times as both servers store them, for rows written past SQLAlchemy; many rows share a few."""

    def __missing__(self, time: datetime | None) -> str | None:
        text = None if time is None else naive_utc(time).isoformat(sep=" ", timespec="microseconds")
        self[time] = text
        return text


BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers only INTEGER keys by itself."""
Fingerprint = LargeBinary().with_variant(mysql.BINARY(32), "mysql")
Digest = LargeBinary().with_variant(mysql.VARBINARY(64), "mysql")
Body = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
Word = String(32)
"""Members of our enumerations."""
AnyCaseName = String(255).with_variant(mysql.VARCHAR(255, collation="utf8mb4_unicode_ci"), "mysql")
"""Found whatever its case; everything else compares exactly."""

LONGEST_NAME = 255
LONGEST_DETAIL = 1000


def encrypted(name: str, *, nullable: bool = False) -> Column[bytes]:
    """Holds what the vault made of a secret; `rotate_keys` finds these columns by their mark."""
    return Column(name, LargeBinary, nullable=nullable, info={"encrypted": True})
