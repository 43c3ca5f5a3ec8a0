"""A hundred accounts, one of them noisy: what the noise costs the quiet ones."""

import random
import time
from pathlib import Path
from statistics import median

from orchestra import UNISENDER_KEY

from benchmarks.display import Step
from benchmarks.results import Goal, Measurement, NotMeasuredError, Table
from benchmarks.service import Stage, stage

QUIET, CONTACTS, EDITS_EACH, A_SECOND = 99, 3, 3, 4.0
NOISY, NOISE_A_SECOND = "demo.amocrm.ru", 20
LOOK_AGAIN, PATIENCE = 0.05, 60.0
MOST = 2.0


def neighbours(folder: Path, step: Step, *, share: float = 1.0) -> Measurement:
    """Quiet accounts are edited in turn while the noisy one is edited without a pause; all go to lists of their own.

    `share` of the usual number of them.
    """
    quiet = round(QUIET * share)
    with stage(folder, contacts=500, rate_limits="off") as here:
        hosts = _link_all(here, step, quiet)
        here.service.settle(seconds=900)
        by_host = _edits(here, hosts, step)
    worst = {host: max(seconds) for host, seconds in by_host.items()}
    middle = median(second for seconds in by_host.values() for second in seconds)
    slowest = max(worst.values())
    return Measurement(
        title=f"{quiet + 1} accounts, one of them noisy",
        goals=[
            Goal(
                what="slowest quiet account's p99 ÷ median of all quiet edits",
                value=f"{slowest / middle:.2f}", goal=f"< {MOST:.0f}", met=slowest < MOST * middle,
            )
        ],
        tables=[
            Table(
                header=["quiet accounts", "edits", "median", "slowest account's p99"],
                rows=[[str(quiet), str(quiet * EDITS_EACH), f"{middle:.2f} s", f"{slowest:.2f} s"]],
            )
        ],
        notes=[
            (
                f"The noisy account gets {NOISE_A_SECOND} edits a second all the while; of {EDITS_EACH} edits p99 is"
                " the slowest. One worker process with two realtime threads."
            )
        ],
    )  # fmt: skip


def _link_all(here: Stage, step: Step, quiet: int) -> list[str]:
    advance = step(f"linking {quiet + 1} accounts", quiet + 1)
    opened = here.sandbox.post("amocrm/accounts", {"count": quiet, "contacts": CONTACTS, "prefix": "quiet"})["accounts"]
    here.service.connect(here.service.link(NOISY), title=NOISY)
    for number, account in enumerate(opened):
        here.service.connect(here.service.link(account["host"], account["token"]), title=account["host"])
        advance(number)
    return [account["host"] for account in opened]


def _edits(here: Stage, hosts: list[str], step: Step) -> dict[str, list[float]]:
    total = len(hosts) * EDITS_EACH
    advance = step(f"{total} quiet edits beside {NOISE_A_SECOND} noisy ones a second", total)
    noisy = sorted(here.service.contacts(NOISY))
    address = {host: f"{host.partition('.')[0]}@example.com" for host in hosts}
    person = {host: min(here.service.contacts(host)) for host in hosts}
    for host in hosts:
        value = [{"field_code": "EMAIL", "values": [{"value": address[host], "enum_code": "WORK"}]}]
        _edit(here, host, person[host], custom_fields_values=value)
    here.service.settle(seconds=300)
    turns = [host for _ in range(EDITS_EACH) for host in random.Random(1).sample(hosts, len(hosts))]
    waiting: dict[str, tuple[str, float]] = {}
    seconds: dict[str, list[float]] = {host: [] for host in hosts}
    began, made, noise = time.monotonic(), 0, 0
    while made < len(turns) or waiting:
        now = time.monotonic()
        if noise < (now - began) * NOISE_A_SECOND:
            _edit(here, NOISY, noisy[noise % len(noisy)], name=f"Шумный Пример {noise}")
            noise += 1
        if made < len(turns) and now >= began + made / A_SECOND and turns[made] not in waiting:
            host, name = turns[made], f"Тихий Пример {made}"
            _edit(here, host, person[host], name=name)
            waiting[host] = (name, now)
            made += 1
        for host, (name, edited) in list(waiting.items()):
            found = here.sandbox.get(f"unisender/{UNISENDER_KEY}/contacts", email=address[host])["contacts"]
            if found and found[0]["fields"].get("Name") == name:
                seconds[host].append(time.monotonic() - edited)
                del waiting[host]
                advance(made - len(waiting))
            elif now - edited > PATIENCE:
                raise NotMeasuredError(f"an edit of {host} was not in Unisender after {PATIENCE:.0f} s")
        time.sleep(LOOK_AGAIN)
    return seconds


def _edit(here: Stage, host: str, contact_id: int, **data: object) -> None:
    edit = {"entity": "contacts", "action": "update", "id": contact_id, "data": data}
    here.sandbox.post(f"amocrm/{host}/edits", {"edits": [edit]})
