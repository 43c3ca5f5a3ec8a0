"""What a script tells the test: one JSON line per call it made through its client."""

import json
import sys
from collections.abc import Callable
from typing import Any

ASKED: dict[str, Any] = json.loads(sys.argv[1])


def tell(step: str, result: Any) -> Any:
    """Write one answer down and hand it on."""
    print(json.dumps({"step": step, "result": result}, ensure_ascii=False, default=str), flush=True)
    return result


def tell_failure(step: str, call: Callable[[], Any]) -> None:
    """Write down how the client raises, or that it did not."""
    try:
        call()
    except Exception as raised:  # noqa: BLE001 - the test names the class it wants
        tell(step, {"raised": type(raised).__name__, "text": str(raised)})
    else:
        tell(step, {"raised": None, "text": ""})
