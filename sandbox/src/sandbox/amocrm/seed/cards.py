"""The lazily built contacts, companies and leads of an account, some of them in the bin, some waiting in unsorted."""

from collections.abc import Callable
from typing import Any

from sandbox.amocrm.entities.collection import Collection
from sandbox.amocrm.entities.links import Links
from sandbox.amocrm.seed import companies, contacts, leads
from sandbox.amocrm.seed.relations import Relations
from sandbox.amocrm.seed.schedule import Schedule

MOST_BINNED = 40
FEWEST_HIDDEN, MOST_HIDDEN = 4, 12
FEWEST_WITH_HIDDEN = 20
Builders = dict[str, Callable[[Schedule], Callable[[int], dict[str, Any]]]]


def seed_cards(*, contact_count: int, seed: int, account_id: int, offset: int) -> tuple[dict[str, Collection], Links]:
    """Collections of `contact_count` live contacts and what belongs to them, and their links."""
    binned = min(MOST_BINNED, contact_count // 20)
    hidden = min(MOST_HIDDEN, max(FEWEST_HIDDEN, contact_count // 40)) if contact_count >= FEWEST_WITH_HIDDEN else 0
    total = contact_count + binned + hidden
    builders: Builders = {
        "contacts": lambda times: (
            contacts.ContactSeed(seed=seed, account_id=account_id, schedule=times, offset=offset).build
        ),
        "companies": lambda times: (
            companies.CompanySeed(seed=seed, account_id=account_id, schedule=times, offset=offset).build
        ),
        "leads": lambda times: leads.LeadSeed(seed=seed, account_id=account_id, schedule=times, offset=offset).build,
    }
    schedules = {
        "contacts": Schedule(count=total, first_id=contacts.FIRST_ID),
        "companies": Schedule(count=total // 5, first_id=companies.FIRST_ID),
        "leads": Schedule(count=total // 4, first_id=leads.FIRST_ID),
    }
    collections = {
        entity: Collection(
            first_id=times.first_id,
            orders=("id", "created_at", "updated_at"),
            schedule=times,
            build=builders[entity](times),
        )
        for entity, times in schedules.items()
    }
    relations = Relations(contacts=total, companies=total // 5, leads=total // 4)
    links = Links(relations=relations, schedules=schedules, collections=collections)
    _hide_some(collections["contacts"], schedules["contacts"], binned=binned, hidden=hidden)
    return collections, links


def _hide_some(people: Collection, times: Schedule, *, binned: int, hidden: int) -> None:
    for n in range(binned):
        gone = people.get(times.id_at(n * times.count // binned + 2))
        assert gone is not None
        people.move_to_bin(gone)
    for n in range(hidden):
        waiting = people.get(times.id_at(times.count - 3 - 3 * n))
        if waiting is not None:
            people.put(waiting, hidden=True)
