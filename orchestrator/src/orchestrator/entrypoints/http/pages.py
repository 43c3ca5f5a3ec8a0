"""The one small page a browser sees after a consent, in English or Russian."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus

from starlette.responses import HTMLResponse

from orchestrator.domain.wording import Language

STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 16px;color:#22262a;"
    "background:#fbfaf8}h1{font-size:26px;margin:0 0 12px}p{margin:0 0 12px}code{color:#5c6166;font-size:13px}"
    "@media (prefers-color-scheme:dark){body{color:#e8e6e3;background:#1b1d1f}code{color:#a5a9ad}}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Words:
    """A page's heading and its one paragraph."""

    heading: str
    paragraph: str


LINKED: Mapping[Language, Words] = {
    "en": Words("{host} is linked", "Contacts can be brought to a list now. You may close this window."),
    "ru": Words("{host} подключён", "Теперь контакты можно передавать в список. Это окно можно закрыть."),
}
BEGUN_AGAIN: Mapping[Language, Words] = {
    "en": Words("{host} is linked again", "What changed meanwhile is being brought over. You may close this window."),
    "ru": Words("{host} снова подключён", "Изменения за это время передаются. Это окно можно закрыть."),
}
REFUSALS: Mapping[str, Mapping[Language, Words]] = {
    "access_denied": {
        "en": Words("Access was not granted", "An administrator of the amoCRM account has to allow it. Try again."),
        "ru": Words("Доступ не предоставлен", "Его должен разрешить администратор аккаунта amoCRM. Попробуйте снова."),
    },
    "oauth_state_expired": {
        "en": Words("That took too long", "The link has expired. Start linking again."),
        "ru": Words("Прошло слишком много времени", "Ссылка устарела. Начните подключение заново."),
    },
    "oauth_state_refused": {
        "en": Words("This link is not valid", "It was used already or was not made here. Start linking again."),
        "ru": Words("Ссылка недействительна", "Она уже использована или создана не здесь. Начните заново."),
    },
    "host_refused": {
        "en": Words("This is not an amoCRM account", "Its address must be under amocrm.ru, amocrm.com or kommo.com."),
        "ru": Words("Это не аккаунт amoCRM", "Его адрес должен быть в amocrm.ru, amocrm.com или kommo.com."),
    },
    "code_refused": {
        "en": Words("amoCRM did not accept the consent", "It is good for twenty minutes and once. Start again."),
        "ru": Words("amoCRM не приняла согласие", "Оно действует двадцать минут и один раз. Начните заново."),
    },
    "already_linked": {
        "en": Words("This account is linked already", "By another integration: unlink it there first."),
        "ru": Words("Этот аккаунт уже подключён", "Через другую интеграцию: сначала отключите его там."),
    },
    "other_account": {
        "en": Words("That was another account", "Consent was to be renewed for another amoCRM account. Try again."),
        "ru": Words("Это другой аккаунт", "Нужно было возобновить доступ другого аккаунта amoCRM. Попробуйте снова."),
    },
    "unlinking": {
        "en": Words("This account is being unlinked", "Wait until that is done, then link it again."),
        "ru": Words("Этот аккаунт отключается", "Дождитесь завершения и подключите его снова."),
    },
}
OTHERWISE: Mapping[Language, Words] = {
    "en": Words("The account was not linked", "Try again in a while; the code below helps whoever looks into it."),
    "ru": Words("Аккаунт не подключён", "Попробуйте снова чуть позже; код ниже поможет разобраться."),
}


def linked_page(host: str, language: Language, *, again: bool) -> HTMLResponse:
    words = (BEGUN_AGAIN if again else LINKED)[language]
    return _page(words, language, HTTPStatus.OK, host=host)


def refused_page(code: str, language: Language, *, status: int) -> HTMLResponse:
    return _page(REFUSALS.get(code, OTHERWISE)[language], language, status, code=code)


def _page(words: Words, language: Language, status: int, *, host: str = "", code: str = "") -> HTMLResponse:
    heading = escape(words.heading.format(host=host))
    shown_code = f"<p><code>{escape(code)}</code></p>" if code else ""
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{heading}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{heading}</h1><p>{escape(words.paragraph)}</p>{shown_code}</main></body></html>"
    )
    return HTMLResponse(html, status_code=status, headers={"Content-Security-Policy": POLICY})
