"""From an HTTP request to a method and back: key, limits, envelope."""

import asyncio
import copy
import inspect
from typing import Any

from aiohttp import web

from sandbox.recorder import CALLER, ROWS
from sandbox.unisender.exceptions import UnisenderError, envelope, php_json
from sandbox.unisender.forms import Form, read_form
from sandbox.unisender.here import unisender_of
from sandbox.unisender.models import Unisender
from sandbox.unisender.responses import account as account_methods
from sandbox.unisender.responses import contacts, exports, hooks, lists, messages, notes
from sandbox.unisender.responses.calls import Call, Method

METHODS: dict[str, Method] = {
    **contacts.METHODS,
    **lists.METHODS,
    **exports.METHODS,
    **hooks.METHODS,
    **notes.METHODS,
    **account_methods.METHODS,
    **messages.METHODS,
}


async def answer_call(request: web.Request) -> web.Response:
    """Answer `/{lang}/api/{method}`. Refusals are HTTP 200 with an error envelope (docs: common/api-errors)."""
    unisender = unisender_of(request)
    try:
        form = await read_form(request)
        return await _answer(request, unisender, form)
    except UnisenderError as refusal:
        return _refuse(request, unisender, refusal)


async def _answer(request: web.Request, unisender: Unisender, form: Form) -> web.Response:
    method = METHODS.get(request.match_info["method"])
    if method is None:
        raise UnisenderError("unknown_method")
    api_key = form.text("api_key")
    account = unisender.accounts.get(api_key)
    if account is None:
        raise UnisenderError("invalid_api_key")
    request[CALLER] = f"...{api_key[-4:]}"
    if account.answer_ms:
        await asyncio.sleep(account.answer_ms / 1000)
    if not account.api_enabled:
        raise UnisenderError("access_denied")
    if unisender.settings.rate_limits == "vendor":
        unisender.limits.count(
            api_key=api_key,
            ip=request.remote or "",
            method=request.match_info["method"],
            count_refused=unisender.switches["unisender.limit_counts_refused"],
        )
    if method.costs and not account.money:
        raise UnisenderError("not_enough_money")
    test_mode = method.changes and form.flag("test_mode")
    call = Call(
        unisender=unisender,
        # An old parameter: the call answers as ever and changes nothing, so it works on a copy.
        account=copy.deepcopy(account) if test_mode else account,
        form=form,
        request=request,
        test_mode=test_mode,
    )
    result = method.answer(call)
    if inspect.isawaitable(result):
        result = await result
    request[ROWS] = call.rows
    return _succeed(call, result)


def _succeed(call: Call, result: Any) -> web.Response:
    if isinstance(result, web.Response):
        return result
    if result == {} and isinstance(result, dict) and call.switches["unisender.empty_result"] == "array":
        result = []
    body: dict[str, Any] = result if call.bare else {"result": result}
    if call.warnings:
        body["warnings"] = [{"warning": warning} for warning in call.warnings]
    escaped = call.switches["unisender.json_unicode"] == "escaped"
    return web.Response(text=php_json(body, escape_unicode=escaped), content_type="application/json")


def _refuse(request: web.Request, unisender: Unisender, refusal: UnisenderError) -> web.Response:
    switches = unisender.switches
    status = 200
    if refusal.code == "unknown_method":
        status = 404
    elif refusal.code.startswith("api_call_limit_exceeded"):
        status = switches["unisender.limit_status"]
    return envelope(
        refusal,
        lang=request.match_info["lang"],
        status=status,
        html_text=switches["unisender.error_text_html"],
        with_result=switches["unisender.error_result"] == "empty_string",
    )
