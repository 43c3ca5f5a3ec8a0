"""What a record asks for, before anybody looks at what the list holds: filter, consent, addresses. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.addresses import EmailChoice, chosen
from orchestrator.domain.connection import Connection, OnLeaving
from orchestrator.domain.custom_fields import FieldName, field_name, is_field_set
from orchestrator.domain.ledger import Reason
from orchestrator.domain.projection import Projection, fingerprint
from orchestrator.domain.rule import Rule
from orchestrator.domain.rules import describe, parse

Key = tuple[str, int]
"""Stream and record id."""

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a connection asks of records, compiled once a sync."""

    connection_id: int
    emails: EmailChoice
    rule: Rule | None
    consent_field: FieldName | None
    on_leaving: OnLeaving
    on_delete: OnLeaving
    projection: Projection
    fingerprint: bytes
    """Of everything that decides who is in the list, and as what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A record as read: the addresses it would hold, or the reason why it holds none.

    `data` is None when the source no longer has the record (reason REMOVED); then `version` says nothing.
    """

    key: Key
    version: int
    data: Mapping[str, Any] | None
    name: str = ""
    addresses: tuple[str, ...] = ()
    reason: Reason | None = None
    detail: str = ""
    digest: bytes | None = None
    """Of its row, should it go to all of these addresses."""


def policy_of(connection: Connection, *, destination: Mapping[str, Any]) -> Policy:
    """`destination` is the configuration the destination process will get.

    Raises:
        RejectedError: the connection's filter cannot be read.

    """
    projection = Projection(destination)
    emails: EmailChoice = "all" if connection.destination.get("emails") == "all" else "first"
    asked = [connection.filter, connection.consent_field, connection.on_leaving, connection.on_delete, emails]
    return Policy(
        connection_id=connection.id,
        emails=emails,
        rule=parse(connection.filter) if connection.filter else None,
        consent_field=field_name(connection.consent_field.strip()) if connection.consent_field else None,
        on_leaving=connection.on_leaving,
        on_delete=connection.on_delete,
        projection=projection,
        fingerprint=fingerprint([projection.configuration, *asked]),
    )


def read(stream: str, record: Mapping[str, Any], policy: Policy) -> Reading:
    """What this record asks for."""
    key = (stream, int(record["id"]))
    version = record.get("updated_at")
    version = version if isinstance(version, int) else 0
    if record.get("is_deleted") is True:
        return removed(key)
    name = str(record.get("name") or "").strip()[:_LONGEST_NAME]
    reason, detail = None, ""
    addresses: tuple[str, ...] = ()
    if policy.rule is not None and not policy.rule.matches(record):
        reason, detail = Reason.FILTERED, describe(policy.rule)
    elif policy.consent_field is not None and not is_field_set(record, policy.consent_field):
        reason, detail = Reason.NO_CONSENT, str(policy.consent_field)
    else:
        found = chosen(record, emails=policy.emails)
        addresses = found.addresses
        if not addresses:
            reason, detail = (Reason.INVALID_ADDRESS if found.refused else Reason.NO_ADDRESS), found.refused
    return Reading(
        key=key,
        version=version,
        data=record,
        name=name,
        addresses=addresses,
        reason=reason,
        detail=detail,
        digest=policy.projection.digest(record, addresses) if addresses else None,
    )


def removed(key: Key) -> Reading:
    """A record the source no longer has."""
    return Reading(key=key, version=0, data=None, reason=Reason.REMOVED)
