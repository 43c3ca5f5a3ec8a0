"""Changes versions and says what is in the way of giving one out.

usage: python .ci/release check | metadata | lock [--upgrade] | set COMPONENT VERSION
"""

import re
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from release.changelogs import changelog_problems
from release.hygiene import machine_paths
from release.locks import addresses_in_locks, stale_locks, write_locks
from release.metadata import metadata_problems
from release.versions import COMPONENTS, CONNECTORS, VERSION, disagreements, set_version

ROOT = Path(__file__).parents[2]
Problems = Iterator[str]
CHECKS: dict[str, Callable[[Path], Problems]] = {
    "versions agree": lambda root: chain(*(disagreements(one, root) for one in COMPONENTS)),
    "changelogs tell of them": lambda root: chain(*(changelog_problems(one, root) for one in COMPONENTS)),
    "metadata is valid": lambda root: chain(*(metadata_problems(one, root) for one in CONNECTORS)),
    "locks hold no addresses": addresses_in_locks,
    "nothing names this machine": machine_paths,
    "locks are fresh": stale_locks,
}


def main(arguments: list[str]) -> int:
    match arguments:
        case ["check"]:
            return _told(CHECKS)
        case ["metadata"]:
            return _told({"metadata is valid": CHECKS["metadata is valid"]})
        case ["lock", *wish] if wish in ([], ["--upgrade"]):
            write_locks(ROOT, upgrade=bool(wish))
            return 0
        case ["set", name, version] if re.fullmatch(VERSION, version):
            for component in COMPONENTS:
                if component.name == name:
                    print("\n".join(set_version(component, version, ROOT)))  # noqa: T201
                    return 0
    print(__doc__, file=sys.stderr)  # noqa: T201
    return 2


def _told(checks: dict[str, Callable[[Path], Problems]]) -> int:
    failed = 0
    for name, check in checks.items():
        problems = list(check(ROOT))
        failed += bool(problems)
        print("✗" if problems else "✓", name, *(f"\n    {problem}" for problem in problems))  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
