"""From changes to hook requests: collects what one request changed, builds the items, writes one body per hook."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.amocrm.change import Change
from sandbox.amocrm.hooks.deliveries import Deliveries
from sandbox.amocrm.hooks.encode import account_block, form
from sandbox.amocrm.hooks.routing import Hook, hooks_of
from sandbox.amocrm.hooks.style import Style
from sandbox.amocrm.hooks.subscriptions import Subscriptions

Address = tuple[str, str, str, str]
Sender = tuple[int, str, str]


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
        self._batches: dict[object, dict[Address, list[dict[str, Any]]]] = {}
        self._single = False
        self._sender = sender

    def publish(self, change: Change) -> None:
        if not len(self._subscriptions):
            return
        for hook in hooks_of(change, self._style):
            if self._subscriptions.listening(hook.code):
                self._collect(change, hook)

    @contextmanager
    def one_by_one(self) -> Iterator[None]:
        """Inside, every change goes out by itself."""
        self._single = True
        try:
            yield
        finally:
            self._single = False

    def _collect(self, change: Change, hook: Hook) -> None:
        item = hook.item(change, self._style)
        address = (hook.code, hook.top, hook.key, change.entity)
        try:
            batch = None if self._single else asyncio.current_task()
            loop = asyncio.get_running_loop()
        except RuntimeError:
            batch = None
        if batch is None:
            self._send({address: [item]})
            return
        if batch not in self._batches:
            self._batches[batch] = {}
            loop.call_soon(self._flush, batch)
        self._batches[batch].setdefault(address, []).append(item)

    def _flush(self, batch: object) -> None:
        self._send(self._batches.pop(batch))

    def _send(self, gathered: dict[Address, list[dict[str, Any]]]) -> None:
        for (code, top, key, _), found in gathered.items():
            body = self._body({top: {key: found}})
            for webhook in self._subscriptions.listening(code):
                self._deliveries.send(webhook, code=code, body=body)

    def _body(self, payload: dict[str, Any]) -> str:
        account_id, subdomain, zone = self._sender()
        switches = self._style.switches
        if zone == "kommo.com":
            zone = switches["amocrm.hook_kommo_self"]
        account = {"account": account_block(account_id=account_id, subdomain=subdomain, zone=zone)}
        return form(account | payload if switches["amocrm.hook_account_block"] == "first" else payload | account)
