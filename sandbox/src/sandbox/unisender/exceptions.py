"""Unisender's refusals. Their HTTP status is 200; the envelope's `code` tells what went wrong.

UnisenderError: one refusal with its code and both texts. `error_response` makes the answer of a code alone (faults).
"""

import html
import json
from typing import Any

from aiohttp import web

CODES: dict[str, tuple[str, str]] = {
    "invalid_api_key": ("Specified API key is wrong", "Указан неверный API-ключ"),
    "access_denied": ("Access to the API is turned off", "Доступ к API отключён"),
    "unknown_method": ("Unknown method", "Неизвестный метод"),
    "invalid_arg": ("Wrong argument value", "Неверное значение аргумента"),
    "not_enough_money": ("Not enough money on the account", "Недостаточно денег на счёте"),
    "retry_later": ("Temporary failure, try later", "Временный сбой, повторите позже"),
    "api_call_limit_exceeded_for_api_key": (
        "API call limit exceeded for this key",
        "Превышен лимит вызовов API для этого ключа",
    ),
    "api_call_limit_exceeded_for_ip": (
        "API call limit exceeded for this IP",
        "Превышен лимит вызовов API для этого IP-адреса",
    ),
    "unspecified": ("Unspecified error", "Неизвестная ошибка"),
    "object_not_found": ("Contact not found", "Контакт не найден"),
}


class UnisenderError(Exception):
    """A call that Unisender refuses as a whole."""

    def __init__(self, code: str, en: str = "", ru: str = "") -> None:
        default_en, default_ru = CODES[code]
        self.code = code
        self.en = en or default_en
        self.ru = ru or (en or default_ru)
        super().__init__(self.en)

    def text(self, lang: str) -> str:
        return self.ru if lang == "ru" else self.en


def invalid_arg(en: str, ru: str) -> UnisenderError:
    return UnisenderError("invalid_arg", en, ru)


def unspecified(en: str, ru: str) -> UnisenderError:
    return UnisenderError("unspecified", en, ru)


def php_json(value: Any, *, escape_unicode: bool = True) -> str:
    """JSON as PHP's json_encode writes it: `/` escaped, and other alphabets too unless told otherwise."""
    return json.dumps(value, ensure_ascii=escape_unicode, separators=(",", ":")).replace("/", "\\/")


def envelope(
    error: UnisenderError, *, lang: str, status: int = 200, html_text: bool = False, with_result: bool = True
) -> web.Response:
    """The answer to a refused call."""
    text = error.text(lang)
    body: dict[str, Any] = {"error": html.escape(text) if html_text else text, "code": error.code}
    if with_result:
        body["result"] = ""
    return web.Response(text=php_json(body), status=status, content_type="application/json")


def error_response(request: web.Request, code: str) -> web.Response:
    """The envelope of a bare code in the language of the URL, for ordered faults.

    Raises:
        ValueError: Unisender has no such code.
    """
    if code not in CODES:
        raise ValueError(f"Unisender has no error code {code!r}; known: {sorted(CODES)}")
    return envelope(UnisenderError(code), lang=request.path.strip("/")[:2])
