"""The demo that stays: what a person at a browser needs, and an end by Ctrl-C."""

import signal
from threading import Event
from typing import Literal

from rich.console import Console
from rich.padding import Padding

from sandbox.demo.sandbox_control import SandboxControl
from sandbox.demo.service import PASSWORD, Service
from sandbox.demo.service_story import HOST, KEY

Keep = Literal["no", "empty", "story"]
"""Whether the demo stays at its end, and with what: nothing linked yet, or everything the story has done."""

LINKING = (
    "Sign in, then link an amoCRM account: the button opens the sandbox's consent page.",
    f"Allow access to {HOST}.",
    f"Paste the Unisender key [bold]{KEY}[/], choose a list, and press on to the last step.",
    "Synchronise everything.",
)


def stay(control: SandboxControl, service: Service, console: Console, *, linked: bool) -> None:
    """Say what is where and wait for Ctrl-C or SIGTERM."""
    ended = Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    edit = f"curl -d '{{\"count\": 5}}' {control.url}/_sandbox/amocrm/{HOST}/edits/random"
    console.print(f"\n[bold]dashboard[/]  {service.url}", soft_wrap=True)
    console.print(f"[bold]password[/]   {PASSWORD}", soft_wrap=True)
    console.print(f"[bold]amoCRM[/]     {HOST}, made up by the sandbox at {control.url}", soft_wrap=True)
    console.print(f"[bold]Unisender[/]  key {KEY}\n", soft_wrap=True)
    for number, step in enumerate(() if linked else LINKING, start=1):
        console.print(Padding(f"{number}. {step}", (0, 0, 0, 2)))
    console.print(f"\nThen let people change, and watch them arrive:\n  {edit}\n", highlight=False, soft_wrap=True)
    console.print("Ctrl-C ends everything.")
    ended.wait()
