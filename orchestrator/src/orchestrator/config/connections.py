"""Connections of the configuration file. What becomes destination-unisender's own configuration has its words."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from orchestrator.config.kinds import Cron, Part, SecretText
from orchestrator.domain.connection import OnLeaving, RunnerKind


class ListChoice(Part):
    """The Unisender list people join: one of the two keys."""

    id: int | None = Field(default=None, ge=1, description="Number of an existing list.")
    title: str | None = Field(default=None, min_length=1, description="Title of the list; made when there is none.")

    @model_validator(mode="after")
    def _one_of_them(self) -> "ListChoice":
        if (self.id is None) == (self.title is None):
            raise ValueError("give either id or title of the Unisender list")
        return self


class FieldRule(Part):
    """One Unisender field and where its value comes from."""

    from_: str = Field(alias="from", min_length=1, description="Path into the record, like `custom_fields.Город`.")
    to: str = Field(min_length=1, description="Name of the Unisender field; made when there is none.")
    type: Literal["string", "text", "number", "date", "bool"] | None = Field(
        default=None, description="Type of a field that is made, and how plain values are written."
    )
    public_name: str | None = Field(default=None, description="What people see as the field's name in Unisender.")


class MappingRules(Part):
    """Which part of a record becomes what in Unisender."""

    phone: str = Field(default="phones", description="Path to the phone, or to the list of them.")
    key_field: str | None = Field(
        default="amo_contact_id", description="Unisender field that keeps the amoCRM id of the record."
    )
    tags: str = Field(default="_embedded.tags", description="Path to the record's tags.")
    fields: tuple[FieldRule, ...] = Field(
        default=(FieldRule.model_validate({"from": "name", "to": "Name"}),),
        description="Unisender fields to fill, at most 50.",
        max_length=50,
    )
    timezone: str = Field(default="Europe/Moscow", description="Time zone in which moments are written, IANA name.")


class TagRules(Part):
    """Which tags a contact gets in Unisender, at most 10."""

    from_record: bool = Field(default=True, description="Send the record's own tags.")
    static: tuple[str, ...] = Field(default=(), max_length=10, description="Tags for everyone.")
    mode: Literal["add", "replace"] = Field(
        default="replace", description="`add` leaves other tags of the contact, `replace` makes ours the only ones."
    )


class ConnectionRules(Part):
    """What a connection does unless it says otherwise itself."""

    streams: Annotated[
        tuple[Literal["contacts", "companies"], ...], AfterValidator(lambda streams: tuple(dict.fromkeys(streams)))
    ] = Field(default=("contacts",), min_length=1, description="Whom to bring: `contacts`, `companies`.")
    filter: dict[str, Any] | None = Field(
        default=None, description="Rule for who is in the list (see Filters); null: everybody."
    )
    consent_field: str | None = Field(
        default=None,
        coerce_numbers_to_str=True, min_length=1,
        description="Only people whose custom field (id, code or name) is set are sent; null: everybody.",
    )  # fmt: skip
    on_leaving: OnLeaving = Field(
        default=OnLeaving.EXCLUDE,
        description="Whoever no longer matches the filter is taken out of the list (`exclude`) or stays (`keep`).",
    )
    on_delete: OnLeaving = Field(
        default=OnLeaving.EXCLUDE, description="The same for whoever is deleted in amoCRM: `exclude` or `keep`."
    )
    schedule: Cron | None = Field(
        default="*/15 * * * *", description="Cron expression (UTC) of incremental syncs; null: webhooks only."
    )
    deep_schedule: Cron | None = Field(
        default="17 3 * * 0", description="Cron expression (UTC) of deep syncs, which read everything; null: never."
    )
    max_removals: float = Field(
        default=0.2, ge=0, le=1,
        description="A deep sync that would take out a larger share of the list stops and opens a repair.",
    )  # fmt: skip
    emails: Literal["first", "all"] = Field(
        default="first", description="The `first` valid address of a person, or a Unisender contact for `all` of them."
    )
    phones: Literal["with_email", "none"] = Field(
        default="with_email", description="The first valid phone goes along (`with_email`) or not (`none`)."
    )
    default_country: str = Field(
        default="RU", pattern="^[A-Z]{2}$", description="Country of phones written without its code."
    )
    when_empty: Literal["keep", "clear"] = Field(
        default="clear", description="A value emptied in amoCRM is emptied in Unisender (`clear`) or stays (`keep`)."
    )
    mapping: MappingRules = MappingRules()
    tags: TagRules = TagRules()
    runner: RunnerKind = Field(
        default=RunnerKind.PROCESS,
        description="Where the connectors run: `process` (here), `container`, `airbyte`.",
    )


class ConnectionEntry(ConnectionRules):
    """One connection. What it leaves out is as `connection_defaults` say."""

    account: str = Field(description="Host of the amoCRM account: `acme.amocrm.ru`. It may be linked later.")
    name: str = Field(min_length=1, max_length=100, description="Name of the connection, unique within the account.")
    api_key: SecretText = Field(description="Unisender API key; use `!secret`.")
    list: ListChoice = Field(description="The Unisender list people join.")
    airbyte_connection_id: str | None = Field(
        default=None, description="With `runner: airbyte`: id of the connection in the Airbyte instance."
    )

    def rules(self, defaults: ConnectionRules) -> ConnectionRules:
        """The rules that hold: what is written here, else the defaults."""
        return ConnectionRules.model_construct(**_merged(self, defaults, ConnectionRules))


def _merged(own: Part, defaults: Part, kind: type[Part]) -> dict[str, Any]:
    values = {}
    for name in kind.model_fields:
        mine, theirs = getattr(own, name), getattr(defaults, name)
        if isinstance(mine, Part) and isinstance(theirs, Part):
            values[name] = type(mine).model_construct(**_merged(mine, theirs, type(mine)))
        else:
            values[name] = mine if name in own.model_fields_set else theirs
    return values
