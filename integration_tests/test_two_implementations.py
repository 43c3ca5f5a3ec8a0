"""What service and destination must agree on though they share no code: addresses, and which part of a record shows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from destination_unisender.addresses import normalise_email as normalised_by_destination
from destination_unisender.config_reading import parse_config
from destination_unisender.mapping import Person, RecordMapper
from destination_unisender.values import is_set as is_set_for_destination
from orchestrator.domain.addresses import chosen, normalise_email
from orchestrator.domain.custom_fields import is_set
from orchestrator.domain.projection import Projection

letters = st.text(alphabet="aB.+-_@ é中рЖ\u00a0\u0130ß!#'0", max_size=12)
near_addresses = st.builds(
    "{}@{}.{}".format, letters, letters, st.sampled_from(["com", "рф", "RU", "xn--p1ai", "", "c0m"])
)
long_addresses = st.builds(
    lambda local, domain: f"{'a' * local}@{'b' * 60}.{'c' * domain}.ru", st.integers(60, 70), st.integers(55, 70)
)


@settings(max_examples=2000)
@given(st.one_of(st.text(max_size=30), near_addresses, long_addresses, st.emails()))
def test_both_spell_every_address_the_same(text):
    assert normalise_email(text) == normalised_by_destination(text)


values = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2), st.text(max_size=3), st.sampled_from(["да", " Нет ", "off"])
)
trees = st.recursive(
    values, lambda inner: st.one_of(st.lists(inner, max_size=3), st.fixed_dictionaries({"value": inner})), max_leaves=5
)


@given(trees)
def test_both_take_the_same_for_a_yes(value):
    assert is_set(value) == is_set_for_destination(value)


texts = st.sampled_from(["", "x", "y", " x ", "a@x.com", "b@x.com", "8 900 111 22 33"])
items = st.lists(st.fixed_dictionaries({"value": texts}), max_size=2)
fields = st.fixed_dictionaries(
    {
        "field_id": st.sampled_from([3, 4]),
        "field_name": st.sampled_from(["City", "city ", "3", "A.B"]),
        "field_code": st.sampled_from([None, "CODE", "City"]),
        "field_type": st.sampled_from(["text", "checkbox", "date"]),
        "values": items,
    }
)
records = st.fixed_dictionaries(
    {
        "id": st.just(5),
        "name": texts,
        "emails": items,
        "phones": items,
        "custom_fields_values": st.lists(fields, max_size=3),
        "_embedded": st.fixed_dictionaries(
            {"tags": st.lists(st.fixed_dictionaries({"name": texts}), max_size=2), "companies": items}
        ),
    }
)
paths = st.sampled_from(
    ["name", "custom_fields.3", "custom_fields.City", "custom_fields.CODE", 'custom_fields."A.B"', 'custom_fields."3"',
     "custom_fields.City.0", "_embedded.companies.*.value", "_embedded.companies.1.value", "custom_fields_values.0.field_id",
     "_embedded.tags", "nothing.at.all", "_embedded.companies.0", "phones.*.value"]
)  # fmt: skip
configs = st.fixed_dictionaries(
    {
        "api_key": st.just("k"),
        "list": st.just({"id": 1}),
        "mapping": st.builds(
            lambda chosen: {"fields": [{"from": path, "to": f"f{n}"} for n, path in enumerate(chosen)]},
            st.lists(paths, max_size=3, unique=True),
        ),
        "phones": st.sampled_from(["with_email", "none"]),
        "tags": st.fixed_dictionaries({"from_record": st.booleans(), "mode": st.sampled_from(["add", "replace"])}),
        "when_empty": st.sampled_from(["keep", "clear"]),
        "emails": st.just("all"),
    }
)


@settings(max_examples=1500)
@given(configs, records, records)
def test_records_of_one_digest_are_one_row_to_the_destination(config, one, other):
    projection, mapper = Projection(config), RecordMapper(parse_config(config))
    addresses = ("m@x.com",)
    rows = []
    for record in (one, other):
        whole = mapper.read({**record, "emails": [{"value": "m@x.com"}]}, stream="contacts")
        sent = mapper.read(projection.trimmed(record, addresses), stream="contacts")
        assert isinstance(sent, Person)
        assert sent == whole  # what was left out is not missed
        rows.append(sent)

    if projection.digest(one, addresses) == projection.digest(other, addresses):
        assert rows[0] == rows[1]


@given(configs, records)
def test_what_is_sent_is_sent_under_the_addresses_chosen(config, record):
    found = chosen(record, emails="all").addresses
    read = RecordMapper(parse_config(config)).read(Projection(config).trimmed(record, found), stream="contacts")

    assert (read.emails if isinstance(read, Person) else ()) == found
