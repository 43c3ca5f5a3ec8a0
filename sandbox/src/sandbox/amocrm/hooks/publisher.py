"""From changes to hook requests: collects what one request changed, builds the items, writes one body per hook."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.hooks.deliveries import Deliveries
from sandbox.amocrm.hooks.encode import account_block, form
from sandbox.amocrm.hooks.routing import hooks_of
from sandbox.amocrm.hooks.style import Style
from sandbox.amocrm.hooks.subscriptions import Subscriptions

Address = tuple[str, str, str, str]
Sender = tuple[int, str, str]
Batch = dict[Address, list[dict[str, Any]]]


class Publisher:
    """Hears every change of one account.

    Changes that one task publishes before its next await are one batch: a bulk write goes out in one request with
    items [0], [1]... Within `one_by_one` every change makes its own requests, as when a user edits card after card.
    """

    def __init__(
        self, *, subscriptions: Subscriptions, deliveries: Deliveries, style: Style, sender: Callable[[], Sender]
    ) -> None:
        self._subscriptions = subscriptions
        self._deliveries = deliveries
        self._style = style
        self._batches: dict[object, Batch] = {}
        self._single = False
        self._sender = sender

    def publish(self, change: Change) -> None:
        if not len(self._subscriptions):
            return
        batch = self._open_batch()
        for hook in hooks_of(change, self._style):
            if self._subscriptions.listening(hook.code):
                address = (hook.code, hook.top, hook.key, change.entity)
                batch.setdefault(address, []).append(hook.item(change, self._style))
        if not self._is_waiting(batch):
            self._send(batch)

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """Inside, every change goes out by itself."""
        self._single = True
        try:
            yield
        finally:
            self._single = False

    def _open_batch(self) -> Batch:
        """The batch of the running task, sent once the task lets go; a batch of its own where there is none."""
        try:
            writer = None if self._single else asyncio.current_task()
        except RuntimeError:  # no event loop
            writer = None
        if writer is None:
            return {}
        if writer not in self._batches:
            self._batches[writer] = {}
            asyncio.get_running_loop().call_soon(self._flush, writer)
        return self._batches[writer]

    def _is_waiting(self, batch: Batch) -> bool:
        return any(batch is known for known in self._batches.values())

    def _flush(self, writer: object) -> None:
        self._send(self._batches.pop(writer))

    def _send(self, batch: Batch) -> None:
        sent: set[tuple[int, str]] = set()
        for (code, top, key, _), found in batch.items():
            body = self._body({top: {key: found}})
            for webhook in self._subscriptions.listening(code):
                if (webhook.id, body) not in sent:  # responsible_contact and update_contact read the same
                    sent.add((webhook.id, body))
                    self._deliveries.send(webhook, code=code, body=body)

    def _body(self, payload: dict[str, Any]) -> str:
        account_id, subdomain, zone = self._sender()
        switches = self._style.switches
        if zone == "kommo.com":
            zone = switches["amocrm.hook_kommo_self"]
        account = {"account": account_block(account_id=account_id, subdomain=subdomain, zone=zone)}
        return form(account | payload if switches["amocrm.hook_account_block"] == "first" else payload | account)
