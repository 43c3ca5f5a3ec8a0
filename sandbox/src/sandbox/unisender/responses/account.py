"""Methods about the account itself. Its figures are fixed: this sandbox bills nobody."""

from datetime import UTC, datetime
from typing import Any

from sandbox.unisender.responses.calls import Call, Method, utc


def get_user_info(call: Call) -> dict[str, Any]:
    start = datetime.fromtimestamp(call.now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return {
        "login": call.account.login,
        "master": "",
        "balance": 1500.5 if call.account.money else 0,
        "currency": "RUB",
        "emails_paid": 0,
        "emails_used": 0,
        "period_emails_paid": 15_000 if call.account.money else 0,
        "period_emails_used": 0,
        "email_period_start": utc(int(start.timestamp())),
        "email_period_end": utc(int(end.timestamp()) - 1),
    }


def get_currency_rates(_: Call) -> dict[str, Any]:
    return {"RUB": 1, "USD": 90.0, "EUR": 98.0}


METHODS = {
    "getUserInfo": Method(answer=get_user_info),
    "getCurrencyRates": Method(answer=get_currency_rates),
}
