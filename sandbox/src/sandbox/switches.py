"""What the vendors leave unsaid: each unconfirmed behaviour is a named switch with a default and a source."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One unconfirmed behaviour. `about` says what is unknown and where the doubt comes from."""

    name: str
    default: Any
    choices: tuple[Any, ...]
    about: str


class Switches:
    """Current values of all switches, by name such as `unisender.log_index`."""

    def __init__(self, declared: Iterable[Switch]) -> None:
        self._declared = {switch.name: switch for switch in declared}
        self._values = {switch.name: switch.default for switch in self._declared.values()}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def set(self, name: str, value: Any) -> None:
        """Set one switch.

        Raises:
            ValueError: unknown name or a value outside the switch's choices; the text names both.
        """
        switch = self._declared.get(name)
        if switch is None:
            raise ValueError(f"unknown switch {name!r}; GET /_sandbox/switches lists them all")
        if not any(value == choice and type(value) is type(choice) for choice in switch.choices):
            raise ValueError(f"switch {name!r} takes one of {list(switch.choices)}, not {value!r}")
        self._values[name] = value

    def describe(self) -> list[dict[str, Any]]:
        """Every switch with its present value, for `GET /_sandbox/switches` and the docs."""
        return [
            {
                "name": switch.name,
                "value": self._values[switch.name],
                "default": switch.default,
                "choices": list(switch.choices),
                "about": switch.about,
            }
            for switch in self._declared.values()
        ]
