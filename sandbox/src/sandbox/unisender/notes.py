"""Notes that an account keeps about a contact."""

from dataclasses import dataclass

LONGEST_NOTE = 255


@dataclass(kw_only=True, slots=True)
class Note:
    """Times are Unix seconds; `pinned_at` is None while the note is not pinned."""

    id: int
    subscriber_id: int
    content: str
    created_at: int
    updated_at: int
    pinned_at: int | None = None
