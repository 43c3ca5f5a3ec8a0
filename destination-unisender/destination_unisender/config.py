"""The configuration as frozen values; the form users fill in is made from these models."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from destination_unisender.columns import valid_field_name
from destination_unisender.paths import PathError, parse_path

MAX_FIELDS = 50
MAX_TAGS = 10
MAX_ROWS = 500


def _path(text: Any) -> Any:
    if isinstance(text, str):
        try:
            parse_path(text)
        except PathError as error:
            raise ValueError(str(error)) from error
    return text


Path = Annotated[str, BeforeValidator(_path)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


class ListChoice(_Part):
    """The list people join. Give its id, or a title (made when there is none)."""

    id: int | None = Field(
        default=None,
        title="List id",
        description="Number of an existing list. Give this or the title, not both.",
        ge=1,
        json_schema_extra={"order": 0},
    )
    title: str | None = Field(
        default=None,
        title="List title",
        description="Title of the list. It is created before the first import when there is none of this title.",
        min_length=1,
        max_length=255,
        json_schema_extra={"order": 1},
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "ListChoice":
        if (self.id is None) == (self.title is None):
            raise ValueError("give either id or title of the Unisender list")
        return self


class FieldMapping(_Part):
    """One Unisender field and where its value comes from."""

    from_: Path = Field(
        alias="from",
        title="From",
        description=(
            "Path into the record: dotted, with * and numbers for arrays (`_embedded.companies.0.id`), or"
            " `custom_fields.<id, code or name>` for amoCRM's custom fields."
        ),
        min_length=1,
        json_schema_extra={"order": 0},
    )
    to: str = Field(
        title="To",
        description="Name of the Unisender field: Latin letters, digits and _. It is created when there is none.",
        json_schema_extra={"order": 1},
    )
    type: Literal["string", "text", "number", "date", "bool"] | None = Field(
        default=None,
        title="Type",
        description="Type of the field if it has to be created, and how a plain value is written. Default: string.",
        json_schema_extra={"order": 2},
    )
    public_name: str | None = Field(
        default=None,
        title="Public name",
        description="What people see as the field's name in Unisender, if it has to be created.",
        json_schema_extra={"order": 3},
    )

    @field_validator("to")
    @classmethod
    def _valid_name(cls, name: str) -> str:
        return valid_field_name(name)


class MappingConfig(_Part):
    """Which part of a record becomes what. The defaults fit contacts of source-amocrm."""

    email: Path = Field(
        default="emails",
        title="E-mail",
        description="Path to the e-mail address or the list of them (strings, or objects with `value`).",
        json_schema_extra={"order": 0},
    )
    phone: Path = Field(
        default="phones",
        title="Phone",
        description="Path to the phone or the list of them.",
        json_schema_extra={"order": 1},
    )
    key: Path = Field(
        default="id",
        title="Key",
        description="Path to the record's own id: names it in outcomes and finds its addresses when it is deleted.",
        json_schema_extra={"order": 2, "airbyte_secret": False},
    )
    key_field: str | None = Field(
        default="amo_contact_id",
        title="Key field",
        description="Unisender field that keeps the record's id. Deletions that carry no address need it.",
        json_schema_extra={"order": 3},
    )
    tags: Path = Field(
        default="_embedded.tags",
        title="Tags",
        description="Path to the record's tags (strings, or objects with `name`).",
        json_schema_extra={"order": 4},
    )
    fields: tuple[FieldMapping, ...] = Field(
        default=(FieldMapping.model_validate({"from": "name", "to": "Name"}),),
        title="Fields",
        description="Unisender fields to fill. At most 50 user fields fit into one Unisender account.",
        json_schema_extra={"order": 5},
    )
    timezone: str = Field(
        default="Europe/Moscow",
        title="Time zone",
        description="Time zone in which moments (date_time fields, Unix times) are written, as IANA name.",
        json_schema_extra={"order": 6},
    )

    @field_validator("key_field")
    @classmethod
    def _valid_key_field(cls, name: str | None) -> str | None:
        return valid_field_name(name) if name else None

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is not a time zone: use an IANA name such as Europe/Moscow") from error
        return name

    @model_validator(mode="after")
    def _names_are_unique(self) -> "MappingConfig":
        seen: set[str] = {self.key_field.lower()} if self.key_field else set()
        for field in self.fields:
            if field.to.lower() in seen:
                raise ValueError(
                    f"two sources for the Unisender field {field.to!r} (letter case does not count): keep one"
                )
            seen.add(field.to.lower())
        if len(seen) > MAX_FIELDS:
            raise ValueError(f"{len(seen)} fields are mapped, Unisender keeps at most {MAX_FIELDS}: drop some")
        return self


class TagsConfig(_Part):
    """Which tags a contact gets: at most 10, static ones first, then the record's in alphabetical order."""

    from_record: bool = Field(
        default=True,
        title="Tags of the record",
        description="Send the record's own tags.",
        json_schema_extra={"order": 0},
    )
    static: tuple[str, ...] = Field(
        default=(),
        title="Tags for everyone",
        description="Tags every contact gets, at most 10.",
        max_length=MAX_TAGS,
        json_schema_extra={"order": 1},
    )
    mode: Literal["add", "replace"] = Field(
        default="add",
        title="Add or replace",
        description="`add` leaves other tags of the contact; `replace` makes ours the only ones.",
        json_schema_extra={"order": 2},
    )

    @field_validator("static")
    @classmethod
    def _without_commas(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        for tag in tags:
            if not tag.strip() or "," in tag:
                raise ValueError(f"{tag!r} cannot be a tag: Unisender separates tags by commas")
        return tuple(dict.fromkeys(tag.strip() for tag in tags))


class ConsentConfig(_Part):
    """Whose consent to mail is taken for granted."""

    mode: Literal["imported", "require_field"] = Field(
        default="imported",
        title="Mode",
        description="`imported`: whoever has an address may be mailed. `require_field`: only those whose field is set.",
        json_schema_extra={"order": 0},
    )
    field: Path | None = Field(
        default=None,
        title="Consent field",
        description="Path to the field that must be set, for example `custom_fields.CONSENT`.",
        json_schema_extra={"order": 1},
    )

    @model_validator(mode="after")
    def _field_when_required(self) -> "ConsentConfig":
        if self.mode == "require_field" and not self.field:
            raise ValueError("mode require_field needs `field`, the path of the consent field")
        return self


class Config(_Part):
    """Everything the destination can be told."""

    api_key: SecretStr = Field(
        title="API key",
        description=(
            "Key of your Unisender account: Settings → Integration and API → API key. Switch API access on there."
        ),
        min_length=1,
        json_schema_extra={"airbyte_secret": True, "order": 0},
    )
    list: ListChoice = Field(
        title="Mailing list",
        description="The list contacts join. Give its id or its title.",
        json_schema_extra={"order": 1},
    )
    mapping: MappingConfig = Field(
        default=MappingConfig(),
        title="Mapping",
        description="Which part of a record becomes what in Unisender. The defaults fit contacts of source-amocrm.",
        json_schema_extra={"order": 2},
    )
    emails: Literal["first", "all"] = Field(
        default="first",
        title="E-mail addresses",
        description=(
            "A Unisender contact has one address: take the `first` valid one of a record, or make contacts of `all`."
        ),
        json_schema_extra={"order": 3},
    )
    phones: Literal["with_email", "none"] = Field(
        default="with_email",
        title="Phones",
        description=(
            "`with_email` adds the first valid phone to the contact; `none` sends no phones. Records without an e-mail"
            " are never sent: Unisender's own pages disagree whether a phone alone identifies a contact."
        ),
        json_schema_extra={"order": 4},
    )
    default_country: str = Field(
        default="RU",
        title="Country of phones",
        description="ISO code of the country whose rules read phones written without a country code.",
        json_schema_extra={"order": 5},
    )
    tags: TagsConfig = Field(
        default=TagsConfig(), title="Tags", description="Which tags a contact gets.", json_schema_extra={"order": 6}
    )
    when_empty: Literal["keep", "clear"] = Field(
        default="keep",
        title="When a value is empty",
        description="`keep` leaves what Unisender has; `clear` sends an empty value.",
        json_schema_extra={"order": 7},
    )
    on_delete: Literal["exclude", "unsubscribe", "delete", "ignore"] = Field(
        default="exclude",
        title="When a record is deleted",
        description=(
            "`exclude` takes the address out of the list, `unsubscribe` marks it unsubscribed from the list for good,"
            " `delete` removes the whole contact from Unisender, `ignore` does nothing. Who opted out is left as is."
        ),
        json_schema_extra={"order": 8},
    )
    consent: ConsentConfig = Field(
        default=ConsentConfig(), title="Consent", description="Whose consent is needed.", json_schema_extra={"order": 9}
    )
    report_outcomes: bool = Field(
        default=False,
        title="Report outcomes",
        description="Tell the fate of every record in TRACE messages (for an orchestrator) instead of the log.",
        json_schema_extra={"order": 10},
    )
    batch_size: int = Field(
        default=MAX_ROWS,
        title="Rows a request",
        description="Most rows in one request. Unisender takes at most 500.",
        ge=1,
        le=MAX_ROWS,
        json_schema_extra={"order": 11},
    )
    language: Literal["ru", "en"] = Field(
        default="en",
        title="Language",
        description="Language of Unisender's own error texts.",
        json_schema_extra={"order": 12},
    )
    base_url: str = Field(
        default="https://api.unisender.com",
        title="Base URL",
        description="Where the API answers; another one for emulators and twins of Unisender.",
        json_schema_extra={"airbyte_hidden": True, "order": 13},
    )
    connect_timeout: float = Field(
        default=10.0,
        title="Connect timeout",
        description="Seconds to wait for a connection.",
        gt=0,
        json_schema_extra={"airbyte_hidden": True, "order": 14},
    )
    read_timeout: float = Field(
        default=40.0,
        title="Read timeout",
        description="Seconds to wait for an answer; Unisender itself gives an import 30.",
        gt=0,
        json_schema_extra={"airbyte_hidden": True, "order": 15},
    )
    max_retries: int = Field(
        default=6,
        title="Retries",
        description="How often a request that failed for the moment is repeated.",
        ge=0,
        le=50,
        json_schema_extra={"airbyte_hidden": True, "order": 16},
    )
    backoff_scale: float = Field(
        default=1.0,
        title="Backoff scale",
        description="Factor on every wait between repeats; tests make it small.",
        ge=0,
        json_schema_extra={"airbyte_hidden": True, "order": 17},
    )

    @field_validator("api_key")
    @classmethod
    def _bare_key(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value().strip():
            raise ValueError("it is empty: copy the key from Unisender's settings")
        return SecretStr(key.get_secret_value().strip())

    @field_validator("default_country")
    @classmethod
    def _known_country(cls, code: str) -> str:
        if code.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{code!r} is not a country: use an ISO code such as RU")
        return code.upper()

    @field_validator("base_url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
            raise ValueError("it must be an http(s) address without query and credentials")
        return url.rstrip("/")
