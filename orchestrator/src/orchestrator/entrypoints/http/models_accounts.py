"""Accounts and integrations over the API."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, SecretStr

from orchestrator.domain.account import AccountStatus, Integration, UnlinkMode
from orchestrator.domain.wording import Language
from orchestrator.entrypoints.http.models import Answer, Order
from orchestrator.entrypoints.http.models_connections import ConnectionOverview, tail
from orchestrator.entrypoints.http.models_system import RepairAnswer
from orchestrator.services.views import AccountView
from orchestrator.services.watch_webhooks import WebhookVerdict


class AccountAnswer(Answer):
    """One linked amoCRM account."""

    id: int = Field(examples=[7])
    amocrm_id: int = Field(examples=[31415926])
    host: str = Field(examples=["demo.amocrm.ru"])
    name: str
    status: AccountStatus
    webhooks: bool = Field(description="False: tariff or rights allow none, the account is polled.")
    webhook_checked_at: datetime | None
    unlink_mode: UnlinkMode | None
    linked_at: datetime | None


class AccountOverview(Answer):
    """An account, its connections, and what somebody must do."""

    account: AccountAnswer
    connections: tuple[ConnectionOverview, ...]
    repairs: tuple[RepairAnswer, ...]

    @classmethod
    def of(cls, view: AccountView, language: Language) -> Self:
        return cls(
            account=AccountAnswer.model_validate(view.account),
            connections=tuple(ConnectionOverview.of(one) for one in view.connections),
            repairs=tuple(RepairAnswer.of(one, language) for one in view.repairs),
        )


class AccountList(Answer):
    """All accounts."""

    accounts: tuple[AccountOverview, ...]


class AccountPatch(Order):
    """What may be changed of an account."""

    name: str = Field(min_length=1, max_length=255)


class LinkOrder(Order):
    """Begin to link an account, or to renew the consent of one."""

    integration: str = Field(description="Name of an integration.", examples=["main"])
    account_id: int | None = Field(default=None, description="Renew this account's consent.")
    return_to: str | None = Field(default=None, description="A path of ours to show afterwards.")


class LinkAnswer(Answer):
    """Where an administrator of amoCRM grants consent."""

    url: str = Field(examples=["https://www.amocrm.ru/oauth?client_id=…&state=…"])


class TokenOrder(Order):
    """Link by a long-lived token."""

    integration: str
    host: str = Field(examples=["demo.amocrm.ru"])
    access_token: SecretStr = Field(min_length=1, max_length=10_000)


class WebhookAnswer(Answer):
    """How it stands with our webhook at amoCRM."""

    verdict: WebhookVerdict


class UnisenderSide(Answer):
    """An account's Unisender side: which key fills which list."""

    name: str = Field(description="The connection's.")
    connection_id: int
    api_key: str = Field(description="The last four characters.", examples=["…x7f2"])
    list_id: str | None
    list_title: str


class UnisenderSides(Answer):
    """An account's Unisender sides, by the names of their connections."""

    integrations: tuple[UnisenderSide, ...]


class UnisenderSideOrder(Order):
    """Which key fills which list; the other settings of the connection stay, or are the defaults of a new one."""

    api_key: SecretStr = Field(min_length=1, max_length=500)
    list_id: int | None = Field(default=None, description="This, or a title.")
    list_title: str | None = Field(default=None, description="Made if there is none.", examples=["amoCRM contacts"])


class IntegrationAnswer(Answer):
    """The keys of an amoCRM integration."""

    name: str
    client_id: str
    client_secret: str = Field(description="The last four characters.", examples=["…x7f2"])
    redirect_uri: str
    zone: str

    @classmethod
    def of(cls, integration: Integration) -> Self:
        return cls(
            name=integration.name,
            client_id=integration.client_id,
            client_secret=tail(integration.client_secret),
            redirect_uri=integration.redirect_uri,
            zone=integration.zone,
        )


class IntegrationList(Answer):
    """All integrations."""

    integrations: tuple[IntegrationAnswer, ...]


class IntegrationOrder(Order):
    """Keys of an integration."""

    client_id: str = Field(min_length=1, max_length=200)
    client_secret: SecretStr | None = Field(default=None, description="Left out: stays what it is.")
    redirect_uri: str = Field(examples=["https://sync.example.com/oauth/callback"])
    zone: Literal["amocrm.ru", "amocrm.com", "kommo.com"] = "amocrm.ru"
