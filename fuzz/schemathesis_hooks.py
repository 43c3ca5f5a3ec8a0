"""Loaded by schemathesis: each call comes from an address of its own, as behind a proxy that the service trusts.

Else the calls without a token, which schemathesis makes on purpose, would soon have all calls refused: twenty wrong
tokens a minute and an address must wait.
"""

from itertools import count
from typing import Any

import schemathesis

_callers = count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    number = next(_callers)
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
