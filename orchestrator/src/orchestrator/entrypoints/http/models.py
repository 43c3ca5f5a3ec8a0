"""Shapes that many calls share."""

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """What we answer with; made from an object of the domain by its attributes."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Order(BaseModel):
    """What we are sent; a field we do not know is an error, and so is a text where a number belongs."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldProblem(Answer):
    """What is wrong with one field."""

    model_config = ConfigDict(populate_by_name=True)

    place: str = Field(alias="in", description="`body`, `query`, `path` or `header`.", examples=["body"])
    field: str = Field(description="Dotted path of the field.", examples=["destination.list"])
    code: str = Field(description="What kind of mistake.", examples=["missing"])
    message: str = Field(description="A sentence.", examples=["Field required"])


class Problem(Answer):
    """An error, as RFC 9457 has it."""

    type: str = Field(examples=["urn:amocrm-unisender:problem:not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="A sentence for people.", examples=["There is no sync 12."])
    code: str = Field(description="Stable; docs/errors.md has them all.", examples=["not_found"])
    errors: tuple[FieldProblem, ...] = Field(description="Fields, when some of them are wrong.")


class Page(Answer):
    """A part of a long list."""

    next_cursor: str | None = Field(description="Pass it as `cursor` for what follows; null: this was the end.")
