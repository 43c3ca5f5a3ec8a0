"""Run by atheris, in its own environment: coverage-guided bodies for the webhook parser, each kept for the handler.

usage: python parser_target.py BODIES [libFuzzer's options] CORPUS...
"""

import struct
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["orchestrator"]):
    from orchestrator.domain.amocrm_hook import parse, read_hook

LARGEST_ID = 10**18


def main() -> None:
    with Path(sys.argv.pop(1)).open("ab") as bodies:

        def judge(body: bytes) -> None:
            bodies.write(struct.pack(">I", len(body)) + body)
            hook = read_hook(body)
            parse(body)
            if hook.malformed:
                assert not hook.changes
            for change in hook.changes:
                assert change.stream in ("contacts", "companies")
                assert 0 < change.record_id < LARGEST_ID
            bodies.flush()  # libFuzzer leaves without a word

        atheris.Setup(sys.argv, judge)
        atheris.Fuzz()


main()
