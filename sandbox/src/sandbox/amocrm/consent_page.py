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
        "made_up": "Страница песочницы вместо amoCRM: люди и данные вымышлены.",
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
        "made_up": "The sandbox's page in amoCRM's place: people and data are made up.",
    },
}
STYLE = """
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif;
--ground:light-dark(#eef1f4,#15181b);--card:light-dark(#fff,#1f2327);--line:light-dark(#d5dae0,#3a4147);
--soft:light-dark(#5b636b,#a7aeb5);--blue:light-dark(#2263b8,#7fb0f0);--on-blue:light-dark(#fff,#0e1a2b)}
body{margin:0;background:var(--ground);color:light-dark(#1f2429,#e8eaec)}
main{max-width:27rem;margin:9vh auto;padding:1.75rem 2rem;background:var(--card);border:1px solid var(--line);
border-radius:12px;box-sizing:border-box}
h1{font-size:1.35rem;line-height:1.25;margin:0 0 .5rem}p{margin:.5rem 0}
.made-up{margin:0 0 1.25rem;color:var(--soft);font-size:.85rem}
fieldset{border:0;margin:1.25rem 0 0;padding:0}legend{padding:0 0 .4rem;font-weight:600}
.account{display:flex;gap:.6rem;align-items:center;padding:.6rem .75rem;border:1px solid var(--line);cursor:pointer}
.account:first-of-type{border-radius:8px 8px 0 0}.account:last-of-type{border-radius:0 0 8px 8px}
.account+.account{border-top:0}.account:has(:checked){background:light-dark(#e8f0fb,#22304a)}
.account small{margin-left:auto}.user{display:block;margin:1.25rem 0 0;font-weight:600}
input{accent-color:var(--blue)}
select{display:block;font:inherit;font-weight:400;width:100%;margin-top:.4rem;padding:.5rem .6rem;
border:1px solid var(--line);border-radius:8px;background:var(--card);color:inherit}
small{color:var(--soft);font-size:.85rem}
.buttons{display:flex;gap:.6rem;margin-top:1.5rem}
button{font:inherit;font-weight:600;padding:.65rem 1.3rem;border-radius:8px;border:1px solid var(--line);
background:none;color:inherit;cursor:pointer}
button[value=allow]{background:var(--blue);border-color:var(--blue);color:var(--on-blue)}
:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
@media (max-width:480px){main{margin:0;min-height:100vh;border:0;border-radius:0;padding:1.25rem}}
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
            f'<label class="account"><input type="radio" name="account_id" value="{account_id}"'
            f"{' checked' if not index else ''}> "
            f"{escape(title)} <small>{escape(host)}</small></label>"
            for index, (account_id, title, host) in enumerate(accounts)
        )
        people = "".join(
            f'<option value="{user_id}">{escape(title)}{admin_mark if is_admin else ""}</option>'
            for user_id, title, is_admin in users
        )
        body = (
            f'<p class="made-up">{words["made_up"]}</p>'
            f"<h1>{words['title']}</h1><p>{escape(words['asks'].format(name=name))}</p>"
            f'<form method="post" action="/oauth">{kept}'
            f"<fieldset><legend>{words['account']}</legend>{choice}</fieldset>"
            f'<label class="user">{words["user"]}<select name="user_id">{people}</select></label>'
            f"<p><small>{words['scopes']}</small></p>"
            f'<div class="buttons"> <button name="decision" value="allow">{words["allow"]}</button> '
            f'<button name="decision" value="deny">{words["deny"]}</button></div></form>'
        )
        return self._answer(200, words["title"], body)

    def refusal(self, sentence: str) -> web.Response:
        words = WORDS[self.language]
        return self._answer(400, words["refused"], f"<h1>{words['refused']}</h1><p>{escape(sentence)}</p>")

    def _answer(self, status: int, title: str, body: str) -> web.Response:
        text = (
            f'<!DOCTYPE html><html lang="{self.language}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            f"<title>{title}</title><style>{STYLE}</style></head>"
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
