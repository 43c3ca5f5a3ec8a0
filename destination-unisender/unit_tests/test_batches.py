"""Grouping and merging: whatever the batches, the result is as if each record were sent alone, in order."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from destination_unisender.batches import Buffer
from destination_unisender.mapping import Person
from destination_unisender.outcomes import Ledger
from destination_unisender.vendor_log import ACCEPTED

COLUMNS = ("Name", "city", "amo_contact_id", "tags")
LETTERS = "abc"

PEOPLE = st.builds(
    lambda key, emails, phone, name, city, tags: Person(
        key=str(key),
        emails=tuple(f"{email}@example.com" for email in emails),
        phone=f"+790000000{phone}" if phone is not None else None,
        cells={
            column: text
            for column, text in (("Name", name), ("city", city), ("amo_contact_id", str(key)), ("tags", ",".join(tags)))
            if text
        },
    ),
    st.integers(1, 6),
    st.lists(st.sampled_from(LETTERS), min_size=1, max_size=2, unique=True),
    st.none() | st.integers(1, 2),
    st.sampled_from(["", "Анна", "Борис"]),
    st.sampled_from(["", "Тула"]),
    st.lists(st.sampled_from("xyz"), max_size=2, unique=True),
)


class Store:
    """A vendor that upserts rows in order: cells overwrite, tags add up, a phone stays with whom it came to first."""

    def __init__(self) -> None:
        self.contacts: dict[str, dict[str, Any]] = {}
        self.phones: dict[str, str] = {}

    def take(self, email: str, cells: dict[str, str], phone: str | None) -> None:
        contact = self.contacts.setdefault(email, {"tags": frozenset()})
        tags = frozenset(filter(None, cells.get("tags", "").split(",")))
        contact.update({**cells, "tags": contact["tags"] | tags})
        if phone and self.phones.setdefault(phone, email) == email:
            for other, holder in list(self.phones.items()):
                if holder == email and other != phone:
                    del self.phones[other]


@given(st.lists(PEOPLE, max_size=25), st.integers(1, 5))
def test_batches_and_merges_do_not_change_the_result(people: list[Person], size: int) -> None:
    one_by_one, batched = Store(), Store()
    ledger = quiet_ledger()
    buffer = Buffer(columns=COLUMNS, size=size, add_tags=True)

    def send(columns: Any) -> None:
        rows = buffer.take(columns)
        assert len({row.email for row in rows}) == len(rows) <= size
        assert all(tuple(row.cells) == columns for row in rows)
        for row in rows:
            batched.take(row.email, row.cells, row.phone)
            row.settle(ACCEPTED, ledger)

    for person in people:
        phone = person.phone
        for email in person.emails:
            one_by_one.take(email, person.cells, phone)
            phone = None
        while (blocking := buffer.blocked_by(person)) is not None:
            send(blocking)
        buffer.add(person, stream="contacts")
        for columns in buffer.full():
            send(columns)
    for columns in buffer.groups():
        send(columns)

    assert batched.contacts == one_by_one.contacts
    accepted, rejected = ledger.take_counts(None)
    assert (accepted, rejected) == (len(people), 0)


def quiet_ledger() -> Ledger:

    return Ledger(report=True, analytics=lambda _kind, _value: None, log=lambda _level, _text: None)


def test_a_row_moves_to_the_group_its_merged_columns_belong_to() -> None:
    buffer = Buffer(columns=COLUMNS, size=10, add_tags=True)

    buffer.add(Person(key="1", emails=("a@example.com",), phone=None, cells={"Name": "x"}), stream="s")
    buffer.add(Person(key="2", emails=("a@example.com",), phone=None, cells={"city": "y"}), stream="s")

    columns = next(iter(buffer.groups()))
    assert columns == ("Name", "city")
    (row,) = buffer.take(columns)
    assert row.record.key == "2"
    assert [earlier.key for earlier in row.overtaken] == ["1"]


def test_tags_are_not_merged_when_ours_replace_all_others() -> None:
    buffer = Buffer(columns=COLUMNS, size=10, add_tags=False)

    for tags in ("x", "y"):
        buffer.add(Person(key="1", emails=("a@example.com",), phone=None, cells={"tags": tags}), stream="s")

    (row,) = buffer.take(("tags",))
    assert row.cells == {"tags": "y"}


def test_a_phone_that_its_row_gave_up_blocks_nobody() -> None:
    buffer = Buffer(columns=COLUMNS, size=10, add_tags=True)
    for phone in ("+79000000001", "+79000000002"):
        buffer.add(Person(key="1", emails=("a@example.com",), phone=phone, cells={"Name": "Анна"}), stream="contacts")
    buffer.take(("Name",))

    newcomer = Person(key="2", emails=("b@example.com",), phone="+79000000001", cells={"Name": "Борис"})

    assert buffer.blocked_by(newcomer) is None
