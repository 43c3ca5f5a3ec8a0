"""What a sandbox is started with."""

from dataclasses import dataclass
from typing import Literal

RateLimits = Literal["vendor", "off"]
MOST_CONTACTS = 10_000_000
REDIRECT_URI = "http://127.0.0.1:8901/callback"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`contacts`: people in the first amoCRM account; `seed`: which people; `rate_limits`: as the vendors', or none;
    `redirect_uri`: where the sandbox's own integration sends people after consent.

    Raises:
        ValueError: a value outside its range; the text names it.
    """

    contacts: int = 5000
    seed: int = 1
    rate_limits: RateLimits = "vendor"
    redirect_uri: str = REDIRECT_URI

    def __post_init__(self) -> None:
        if not 0 <= self.contacts <= MOST_CONTACTS:
            raise ValueError(f"contacts must be between 0 and {MOST_CONTACTS}, not {self.contacts}")
        if self.rate_limits not in ("vendor", "off"):
            raise ValueError(f"rate_limits must be 'vendor' or 'off', not {self.rate_limits!r}")
