"""Linked accounts and their tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from orchestrator.adapters.database.columns import LONGEST_NAME
from orchestrator.adapters.database.sql import Sql, replacing
from orchestrator.adapters.database.tables import accounts, oauth_tokens
from orchestrator.domain.account import LEGAL, Account, AccountStatus, OAuthToken, UnlinkMode
from orchestrator.domain.errors import ConflictError, NotFoundError
from orchestrator.domain.secret import Secret


class SqlAccounts:
    """Implements the Accounts port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(
        self, *, integration_id: int, amocrm_id: int, host: str, name: str, webhook_secret: Secret, now: datetime
    ) -> Account:
        values = {
            "integration_id": integration_id,
            "amocrm_id": amocrm_id,
            "host": host,
            "name": name[:LONGEST_NAME],
            "status": AccountStatus.PENDING,
            "webhooks": True,
            "created_at": now,
            **self._webhook_secret(webhook_secret),
        }
        try:
            return self.get(self._sql.add(accounts, values))
        except IntegrityError:
            raise ConflictError(f"The amoCRM account {amocrm_id} is linked already.") from None

    def get(self, account_id: int) -> Account:
        found = select(accounts).where(accounts.c.id == account_id)
        return self._account(self._sql.one(found, f"account {account_id}"))

    def lock(self, account_id: int) -> Account:
        found = select(accounts).where(accounts.c.id == account_id).with_for_update()
        return self._account(self._sql.one(found, f"account {account_id}"))

    def find(self, *, integration_id: int, amocrm_id: int) -> Account | None:
        found = self._where(accounts.c.integration_id == integration_id, accounts.c.amocrm_id == amocrm_id)
        return found[0] if found else None

    def by_amocrm_id(self, amocrm_id: int) -> Sequence[Account]:
        return self._where(accounts.c.amocrm_id == amocrm_id)

    def by_host(self, host: str) -> Sequence[Account]:
        return self._where(accounts.c.host == host)

    def by_webhook_secret(self, text: str) -> Account | None:
        found = self._where(accounts.c.webhook_fingerprint == self._sql.vault.fingerprint(text))
        return found[0] if found else None

    def all(self, *, status: Collection[AccountStatus] | None = None) -> Sequence[Account]:
        return self._where(*([] if status is None else [accounts.c.status.in_(status)]))

    def save(self, account: Account) -> None:
        values = {
            "integration_id": account.integration_id,
            "host": account.host,
            "name": account.name[:LONGEST_NAME],
            "webhooks": account.webhooks,
            # Who read the account before it began to unlink must not wipe out how.
            "unlink_mode": case(
                (accounts.c.status == account.status, account.unlink_mode), else_=accounts.c.unlink_mode
            ),
            "webhook_checked_at": account.webhook_checked_at,
            "linked_at": account.linked_at,
            **self._webhook_secret(account.webhook_secret),
        }
        try:
            known = self._sql.change(update(accounts).where(accounts.c.id == account.id).values(values))
        except IntegrityError:
            raise ConflictError(f"The amoCRM account {account.amocrm_id} is linked already.") from None
        if not known:
            raise NotFoundError(f"There is no account {account.id}.")

    def move(
        self, account_id: int, *, to: AccountStatus, mode: UnlinkMode | None = None, now: datetime | None = None
    ) -> bool:
        present = select(accounts.c.status).where(accounts.c.id == account_id).with_for_update()
        before = AccountStatus(self._sql.one(present, f"account {account_id}")["status"])
        if to not in LEGAL[before]:
            return False
        values: dict[str, Any] = {"status": to}
        if to is AccountStatus.UNLINKING:
            values["unlink_mode"] = mode
        elif before is AccountStatus.UNLINKED:
            values["unlink_mode"] = None
        if now is not None and to is AccountStatus.ACTIVE and before in {AccountStatus.PENDING, AccountStatus.UNLINKED}:
            values["linked_at"] = now
        moved = update(accounts).where(accounts.c.id == account_id, accounts.c.status == before)
        return self._sql.change(moved.values(values)) == 1

    def _webhook_secret(self, secret: Secret) -> dict[str, Any]:
        return {
            "webhook_secret": self._sql.vault.encrypt(secret),
            "webhook_fingerprint": self._sql.vault.fingerprint(secret.reveal()),
        }

    def _where(self, *conditions: ColumnElement[bool]) -> list[Account]:
        found = select(accounts).where(*conditions).order_by(accounts.c.id)
        return [self._account(row) for row in self._sql.rows(found)]

    def _account(self, row: RowMapping) -> Account:
        return Account(
            id=row["id"],
            integration_id=row["integration_id"],
            amocrm_id=row["amocrm_id"],
            host=row["host"],
            name=row["name"],
            status=AccountStatus(row["status"]),
            webhook_secret=self._sql.vault.decrypt(row["webhook_secret"]),
            webhooks=row["webhooks"],
            webhook_checked_at=row["webhook_checked_at"],
            unlink_mode=UnlinkMode(row["unlink_mode"]) if row["unlink_mode"] else None,
            linked_at=row["linked_at"],
        )


class SqlTokens:
    """Implements the Tokens port."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, account_id: int) -> OAuthToken | None:
        row = self._sql.row(select(oauth_tokens).where(oauth_tokens.c.account_id == account_id))
        if row is None:
            return None
        refresh_token = row["refresh_token"]
        return OAuthToken(
            account_id=account_id,
            access_token=self._sql.vault.decrypt(row["access_token"]),
            refresh_token=None if refresh_token is None else self._sql.vault.decrypt(refresh_token),
            expires_at=row["expires_at"],
            refreshing_since=row["refreshing_since"],
        )

    def save(self, token: OAuthToken) -> None:
        vault = self._sql.vault
        values = {
            "account_id": token.account_id,
            "access_token": vault.encrypt(token.access_token),
            "refresh_token": None if token.refresh_token is None else vault.encrypt(token.refresh_token),
            "expires_at": token.expires_at,
            "refreshing_since": token.refreshing_since,
        }
        merged = replacing("access_token", "refresh_token", "expires_at", "refreshing_since")
        try:
            self._sql.upsert(oauth_tokens, [values], merged=merged)
        except IntegrityError:
            raise NotFoundError(f"There is no account {token.account_id}.") from None

    def forget(self, account_id: int) -> None:
        self._sql.change(delete(oauth_tokens).where(oauth_tokens.c.account_id == account_id))

    def expiring(self, before: datetime) -> Sequence[int]:
        soon = (
            select(oauth_tokens.c.account_id)
            .join(accounts, accounts.c.id == oauth_tokens.c.account_id)
            .where(
                accounts.c.status == AccountStatus.ACTIVE,
                oauth_tokens.c.refresh_token.is_not(None),
                oauth_tokens.c.expires_at < before,
            )
            .order_by(oauth_tokens.c.expires_at)
        )
        return [row["account_id"] for row in self._sql.rows(soon)]
