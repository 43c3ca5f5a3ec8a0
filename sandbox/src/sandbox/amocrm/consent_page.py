"""HTML of the consent page in Russian and English, and the hand-over back to the integration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import orjson
from aiohttp import web

Language = Literal["ru", "en"]
WORDS: dict[Language, dict[str, str]] = {
    "ru": {
        "title": "Доступ к аккаунту amoCRM",
        "asks": "Интеграция «{name}» запрашивает доступ к данным вашего аккаунта.",
        "account": "Аккаунт",
        "user": "Разрешает пользователь",
        "admin": "администратор",
        "scopes": "Данные аккаунта, центр уведомлений, файлы",
        "allow": "Разрешить",
        "deny": "Запретить",
        "refused": "Доступ выдать нельзя",
    },
    "en": {
        "title": "Access to a Kommo account",
        "asks": "The integration “{name}” asks for access to your account's data.",
        "account": "Account",
        "user": "Granted by",
        "admin": "administrator",
        "scopes": "Account data, notification centre, files",
        "allow": "Allow",
        "deny": "Deny",
        "refused": "Access cannot be granted",
    },
}
STYLE = """
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{max-width:28rem;margin:12vh auto;padding:0 1rem}h1{font-size:1.3rem}
fieldset{border:1px solid #8886;border-radius:8px;margin:1rem 0;padding:.5rem 1rem}
label{display:block;padding:.35rem 0}select{font:inherit;padding:.35rem;width:100%}
button{font:inherit;padding:.6rem 1.2rem;border-radius:8px;border:1px solid #8886;cursor:pointer}
button[value=allow]{background:#0f766e;border-color:#0f766e;color:#fff}
small{opacity:.7}
"""


def page_language(request: web.Request) -> Language:
    """`lang=ru|en`, else the browser's wish, else the host's: kommo.com speaks English."""
    asked = request.query.get("lang") or request.headers.get("Accept-Language", "")
    if asked:
        return "ru" if asked.lower().startswith("ru") else "en"
    return "en" if "kommo" in request.host else "ru"


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The consent page in one language."""

    language: Language

    def consent(
        self, *, name: str, accounts: Sequence[tuple[int, str, str]], users: Sequence[tuple[int, str, bool]],
        hidden: Mapping[str, str],
    ) -> web.Response:  # fmt: skip
        """Accounts as (id, name, host), users as (id, name, is administrator), `hidden` is sent back as it came."""
        words = WORDS[self.language]
        admin_mark = f" ({words['admin']})"
        kept = "".join(
            f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">' for key, value in hidden.items()
        )
        choice = "".join(
            f'<label><input type="radio" name="account_id" value="{account_id}"{" checked" if not index else ""}> '
            f"{escape(title)} <small>{escape(host)}</small></label>"
            for index, (account_id, title, host) in enumerate(accounts)
        )
        people = "".join(
            f'<option value="{user_id}">{escape(title)}{admin_mark if is_admin else ""}</option>'
            for user_id, title, is_admin in users
        )
        body = (
            f"<h1>{words['title']}</h1><p>{escape(words['asks'].format(name=name))}</p>"
            f'<form method="post" action="/oauth">{kept}'
            f"<fieldset><legend>{words['account']}</legend>{choice}</fieldset>"
            f'<label>{words["user"]}<select name="user_id">{people}</select></label>'
            f"<p><small>{words['scopes']}</small></p>"
            f'<button name="decision" value="allow">{words["allow"]}</button> '
            f'<button name="decision" value="deny">{words["deny"]}</button></form>'
        )
        return self._answer(200, words["title"], body)

    def refusal(self, sentence: str) -> web.Response:
        words = WORDS[self.language]
        return self._answer(400, words["refused"], f"<h1>{words['refused']}</h1><p>{escape(sentence)}</p>")

    def _answer(self, status: int, title: str, body: str) -> web.Response:
        text = (
            f'<!DOCTYPE html><html lang="{self.language}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{STYLE}</style></head>'
            f"<body><main>{body}</main></body></html>"
        )
        return web.Response(status=status, text=text, content_type="text/html")


def hand_over(url: str, *, mode: str) -> web.Response:
    """Back to the integration: a redirect here, or with `mode=popup` in the window that opened this one."""
    if mode != "popup":
        return web.Response(status=302, headers={"Location": url})
    target = orjson.dumps(url).decode().replace("<", "\\u003c")
    text = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>amoCRM</title></head><body><script>'
        f"if (window.opener) {{ window.opener.location = {target}; window.close(); }} else {{ location = {target}; }}"
        f'</script><noscript><a href="{escape(url)}">→</a></noscript></body></html>'
    )
    return web.Response(text=text, content_type="text/html")


def button_script(origin: str) -> str:
    """`button.min.js`: draws a button after its own script tag and opens `/oauth` with the tag's data attributes."""
    return BUTTON.replace("ORIGIN", orjson.dumps(origin).decode())


BUTTON = """(function () {
  var tag = document.currentScript || document.querySelector('script.amocrm_oauth');
  if (!tag) { return; }
  var data = tag.dataset, query = new URLSearchParams();
  var names = ['name', 'description', 'redirect_uri', 'secrets_uri', 'logo'];
  query.set('state', data.state || Math.random().toString(36).slice(2));
  query.set('mode', data.mode || 'popup');
  query.set('origin', location.href);
  if (data.clientId) { query.set('client_id', data.clientId); } else {
    names.forEach(function (name) { if (data[name]) { query.set(name, data[name]); } });
    (data.scopes || '').split(',').filter(Boolean).forEach(function (scope) { query.append('scopes[]', scope); });
  }
  var button = document.createElement('button');
  button.type = 'button';
  button.className = data.className || 'amocrm-oauth';
  button.textContent = data.title || 'amoCRM';
  button.addEventListener('click', function () {
    var popup = window.open(ORIGIN + '/oauth?' + query, 'amocrm_oauth', 'width=750,height=580');
    if (!popup && data.errorCallback && window[data.errorCallback]) {
      window[data.errorCallback]({client_id: data.clientId, error: 'popup_blocked'});
    }
  });
  tag.parentNode.insertBefore(button, tag.nextSibling);
}());
"""
