"""Everything one sandbox server knows. Nothing is module-global, so two servers in one process never meet."""

from aiohttp import web

from sandbox.amocrm import SWITCHES as AMOCRM_SWITCHES
from sandbox.amocrm import AmoCrm
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.recorder import Recorder
from sandbox.settings import Settings
from sandbox.switches import Switches
from sandbox.unisender import SWITCHES as UNISENDER_SWITCHES
from sandbox.unisender import Unisender


class World:
    """Both vendors' data and the sandbox's own instruments. `reset` starts over in place."""

    settings: Settings
    clock: Clock
    switches: Switches
    faults: Faults
    recorder: Recorder
    amocrm: AmoCrm
    unisender: Unisender

    def __init__(self, settings: Settings) -> None:
        self.reset(settings)

    def reset(self, settings: Settings) -> None:
        """Forget everything and seed anew."""
        self.settings = settings
        self.clock = Clock()
        self.switches = Switches((*AMOCRM_SWITCHES, *UNISENDER_SWITCHES))
        self.faults = Faults()
        self.recorder = Recorder()
        self.amocrm = AmoCrm(settings=settings, clock=self.clock, switches=self.switches)
        self.unisender = Unisender(settings=settings, clock=self.clock, switches=self.switches)


WORLD = web.AppKey("world", World)
