"""Why a person is (not) in the list, and what a full sync would do, over the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from orchestrator.domain.explanation import Explanation, Outcome, StepName
from orchestrator.domain.ledger import Reason
from orchestrator.domain.plan import Plan
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.models import Answer, Order


class StepAnswer(Answer):
    """One station of a record's way."""

    name: StepName
    outcome: Outcome = Field(description="`none`: nothing is asked here; `unknown`: it could not be found out.")
    reason: Reason | None
    text: str = Field(examples=["matches the rule “has tag client”"])


class ExplanationAnswer(Answer):
    """Why one person is, or is not, in the list."""

    connection_id: int
    list_title: str
    stream: str
    record_id: int | None = Field(description="Null for an address that no record has.")
    name: str
    addresses: tuple[str, ...]
    in_list: bool
    reason: Reason | None = Field(description="Null when no record is known.")
    verdict: str = Field(examples=["Anna is not in the list “amoCRM contacts”: the person unsubscribed on 3 May 2026"])
    steps: tuple[StepAnswer, ...]
    decided_at: datetime | None
    delivered_at: datetime | None

    @classmethod
    def of(cls, told: Explanation, language: Language) -> Self:
        steps = tuple(
            StepAnswer(name=one.name, outcome=one.outcome, reason=one.reason, text=one.text(language))
            for one in told.steps
        )
        given = {name: getattr(told, name) for name in cls.model_fields if name not in ("verdict", "steps")}
        return cls(verdict=told.verdict(language), steps=steps, **given)


class SampleAnswer(Answer):
    """One of the people of a group."""

    stream: str
    record_id: int
    name: str
    addresses: tuple[str, ...]
    reason: Reason
    detail: str
    other: str


class GroupAnswer(Answer):
    """People with the same fate."""

    count: int
    samples: tuple[SampleAnswer, ...] = Field(description="The first few.")


class PlanAnswer(Answer):
    """What a full sync would do."""

    read: int
    complete: bool = Field(description="Whether every record was looked at; else the numbers are of those read.")
    created: GroupAnswer
    updated: GroupAnswer
    unchanged: GroupAnswer
    leaving: GroupAnswer
    refused: Mapping[Reason, GroupAnswer] = Field(description="People who would not be sent, by reason.")

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls.model_validate(plan)


class PlanOrder(Order):
    """How much to read for a plan."""

    limit: Annotated[int | None, Field(ge=1, description="Most records; null: all, however long it takes.")] = 10_000
