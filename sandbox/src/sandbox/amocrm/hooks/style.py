"""How this sandbox writes hooks where recorded traffic leaves a choice."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.amocrm.people import User
from sandbox.switches import Switches

HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """The account's time zone and people, and the switches that shape a body."""

    zone: ZoneInfo
    users: dict[int, User]
    switches: Switches

    def stamp(self, seconds: float) -> str:
        """Unix seconds as notes and tasks write them: `Y-m-d H:i:s` in the account's time."""
        return datetime.fromtimestamp(seconds, self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def birthday(self, seconds: float) -> str:
        """Unix seconds as d.m.Y. Rounded to the nearest midnight: a zone's rules were others decades ago."""
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)  # fromtimestamp fails before 1970
        return (instant.astimezone(self.zone) + HALF_A_DAY).strftime("%d.%m.%Y")

    def author(self, user_id: int) -> str:
        user = self.users.get(user_id)
        return user.name if user else ""
