"""A text that must not be shown: masked wherever it is printed, opened by name where it is used."""

import hmac


class Secret:
    """Holds a secret text. `repr`, `str` and formatting show `***`; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it where it leaves for the vendor, never earlier."""
        return self._text

    def matches(self, other: str) -> bool:
        """Whether `other` is the same text, in a time that does not tell how much of it agrees."""
        return hmac.compare_digest(self._text.encode(), other.encode())

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._text)

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        # Processes of ours hand configurations to one another; a pickle never leaves the machine.
        return Secret, (self._text,)
