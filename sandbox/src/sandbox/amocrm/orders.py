"""An order of the control API about one amoCRM account: finding the account, reading the body, saying what is wrong."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from sandbox.amocrm.here import amocrm_of
from sandbox.amocrm.integrations import Integration

if TYPE_CHECKING:
    from sandbox.amocrm.model import Account, AmoCrm


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An order about one account: its query parameters and its JSON body."""

    amocrm: "AmoCrm"
    account: "Account"
    query: Mapping[str, str]
    body: dict[str, Any]

    @property
    def user_id(self) -> int:
        """Who acts: `user_id` of the body, by default the account's administrator."""
        return int(self.body.get("user_id", self.account.admin.id))

    @property
    def integration(self) -> Integration:
        """The integration of `client_id`, by default the sandbox's own.

        Raises:
            ValueError: there is none.
        """
        client_id = self.body.get("client_id", "sandbox-client")
        integration = self.amocrm.integrations.get(client_id)
        if integration is None:
            raise ValueError(f"no integration {client_id!r}; POST /_sandbox/amocrm/integrations adds one")
        return integration


Handler = Callable[[Asked], Awaitable[Any]]


def of_account(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Finds the account of the path, reads the order, turns nonsense into a 400 with its reason."""

    async def found(request: web.Request) -> web.Response:
        amocrm = amocrm_of(request)
        account = amocrm.account_at(request.match_info["host"])
        if account is None:
            return send_json({"error": f"no account at {request.match_info['host']!r}"}, 404)
        try:
            return send_json(
                await handler(
                    Asked(amocrm=amocrm, account=account, query=request.query, body=await read_order(request))
                )
            )
        except KeyError as missing:
            return send_json({"error": f"missing or unknown: {missing}"}, 400)
        except (ValueError, TypeError, LookupError) as wrong:
            return send_json({"error": str(wrong)}, 400)

    return found


async def read_order(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    order = orjson.loads(raw) if raw.strip() else {}
    if not isinstance(order, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - an answer's text, not a type of ours
    return order


def send_json(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
