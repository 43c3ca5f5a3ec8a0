"""What contacts, companies and leads look like in an answer: field order, null, absent and [] as in recorded ones."""

from json.encoder import encode_basestring as quote
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.amocrm.hal import ORIGIN, TAIL, listed, plain, reference

if TYPE_CHECKING:
    from sandbox.amocrm.entities.entities import Entities

Record = dict[str, Any]
Wanted = frozenset[str]
NOTHING: Wanted = frozenset()
CONTACT = (
    b'{"id":%d,"name":%b,"first_name":%b,"last_name":%b,"responsible_user_id":%d,"group_id":%d,"created_by":%d,'
    b'"updated_by":%d,"created_at":%d,"updated_at":%d,"closest_task_at":%b,"is_deleted":false,"is_unsorted":%b,'
    b'"custom_fields_values":%b,"account_id":%d,"_links":{"self":{"href":"'
    + ORIGIN + b"/api/v4/contacts/%d" + TAIL + b'"}},"_embedded":{"tags":%b,"companies":[%b]%b}}'
)  # fmt: skip
COMPANY = b'{"id":%d,"_links":{"self":{"href":"' + ORIGIN + b"/api/v4/companies/%d" + TAIL + b'"}}}'


class Shapes:
    """Shapes of stored records; `wanted` are the values of `with`."""

    def __init__(self, entities: "Entities") -> None:
        self._all = entities

    def rendered(self, entity: str, record: Record, wanted: Wanted = NOTHING) -> bytes:
        """A contact, company, lead or customer as JSON, with the marks of `hal` in its links."""
        if entity == "contacts":
            return self._contact(record, wanted)
        shape = {"companies": self.company, "leads": self.lead, "customers": self.customer}[entity]
        # A copy: what orjson gives back holds on to several times its length, and thousands of items are remembered.
        return bytes(memoryview(orjson.dumps(shape(record, wanted))))

    def _contact(self, record: Record, wanted: Wanted) -> bytes:
        """Pages of contacts are what everybody reads most: their JSON is put together by hand, about twice as fast."""
        every = self._all
        record_id = record["id"]
        company = every.links.company_of("contacts", record_id)
        due = every.closest_task("contacts", record_id)
        more = b""
        if wanted:
            embedded: Record = {}
            self._embed(embedded, "contacts", record_id, wanted, ("leads", "customers", "catalog_elements"))
            if "social_profiles" in wanted:
                embedded["social_profiles"] = []
            more = b"," + orjson.dumps(embedded)[1:-1] if embedded else b""
        return CONTACT % (
            record_id,
            quote(record["name"]).encode(),
            quote(record["first_name"]).encode(),
            quote(record["last_name"]).encode(),
            record["responsible_user_id"],
            record["group_id"],
            record["created_by"],
            record["updated_by"],
            record["created_at"],
            record["updated_at"],
            b"null" if due is None else b"%d" % due,
            b"true" if every.contacts.is_hidden(record_id) else b"false",
            every.books["contacts"].rendered(record["values"]),
            record["account_id"],
            record_id,
            every.tags["contacts"].rendered(record["tags"]),
            b"" if company is None else COMPANY % (company, company),
            more,
        )

    def company(self, record: Record, wanted: Wanted) -> Record:
        every = self._all
        record_id = record["id"]
        embedded: Record = {"tags": every.tags["companies"].of(record["tags"])}
        if wanted:
            self._embed(
                embedded, "companies", record_id, wanted, ("contacts", "leads", "customers", "catalog_elements")
            )
        shape = {
            "id": record_id,
            "name": record["name"],
            "responsible_user_id": record["responsible_user_id"],
            "group_id": record["group_id"],
            "created_by": record["created_by"],
            "updated_by": record["updated_by"],
            "created_at": record["created_at"],
            "updated_at": record["updated_at"],
            "closest_task_at": every.closest_task("companies", record_id),
            "is_deleted": False,
            "custom_fields_values": orjson.Fragment(every.books["companies"].rendered(record["values"])),
            "account_id": record["account_id"],
            "_links": listed(f"companies/{record_id}"),
            "_embedded": embedded,
        }
        if every.switches["amocrm.company_is_unsorted"]:
            shape["is_unsorted"] = every.companies.is_hidden(record_id)
        return shape

    def lead(self, record: Record, wanted: Wanted) -> Record:
        every = self._all
        record_id = record["id"]
        shape: Record = {
            "id": record_id,
            "name": record["name"],
            "price": record["price"],
            "responsible_user_id": record["responsible_user_id"],
            "group_id": record["group_id"],
            "status_id": record["status_id"],
            "pipeline_id": record["pipeline_id"],
            "loss_reason_id": record["loss_reason_id"],
            "created_by": record["created_by"],
            "updated_by": record["updated_by"],
            "created_at": record["created_at"],
            "updated_at": record["updated_at"],
            "closed_at": record["closed_at"],
            "closest_task_at": every.closest_task("leads", record_id),
            "is_deleted": False,
            "custom_fields_values": orjson.Fragment(every.books["leads"].rendered(record["values"])),
            "score": record["score"],
            "account_id": record["account_id"],
            "labor_cost": record["labor_cost"],
        }
        if "source_id" in wanted:
            shape["source_id"] = record["source_id"]
        if "is_price_modified_by_robot" in wanted:
            shape["is_price_modified_by_robot"] = record["is_price_modified_by_robot"]
        shape["_links"] = listed(f"leads/{record_id}")
        company = every.links.company_of("leads", record_id)
        embedded: Record = {
            "tags": every.tags["leads"].of(record["tags"]),
            "companies": [] if company is None else [reference("companies", company)],
        }
        if wanted:
            self._embed_in_lead(embedded, record, wanted)
        shape["_embedded"] = embedded
        return shape

    def customer(self, record: Record, wanted: Wanted) -> Record:
        every = self._all
        record_id = record["id"]
        company = every.links.company_of("customers", record_id)
        embedded: Record = {
            "segments": [reference("customers/segments", segment) for segment in record["segments"]],
            "tags": every.tags["customers"].of(record["tags"]),
        }
        if "companies" in wanted:
            embedded["companies"] = [] if company is None else [reference("companies", company)]
        self._embed(embedded, "customers", record_id, wanted, ("contacts", "catalog_elements"))
        shape = {
            key: record[key]
            for key in (
                "id", "name", "next_price", "next_date", "responsible_user_id", "status_id", "periodicity",
                "created_by", "updated_by", "created_at", "updated_at",
            )
        }  # fmt: skip
        if "group_id" in wanted:
            shape["group_id"] = record["group_id"]
        return {
            **shape,
            "closest_task_at": every.closest_task("customers", record_id),
            "is_deleted": False,
            "custom_fields_values": orjson.Fragment(every.books["customers"].rendered(record["values"])),
            "ltv": record["ltv"],
            "purchases_count": record["purchases_count"],
            "average_check": record["average_check"],
            "account_id": record["account_id"],
            "_links": listed(f"customers/{record_id}"),
            "_embedded": embedded,
        }

    def in_bin(self, entity: str, record: Record) -> Record:
        """A deleted record as `with=only_deleted` lists it: everything null but its id and who deleted it when."""
        shape: Record = plain(self.rendered(entity, record))
        kept = ("id", "updated_by", "updated_at", "account_id")
        bare = {key: (value if key in kept else None) for key, value in shape.items()}
        bare |= {"is_deleted": True, "_links": listed(f"{entity}/{record['id']}")}
        bare.pop("labor_cost", None)
        bare["_embedded"] = {"tags": []} if entity in ("companies", "customers") else {"tags": [], "companies": []}
        return bare

    def _embed_in_lead(self, embedded: Record, record: Record, wanted: Wanted) -> None:
        every = self._all
        links = every.links.of("leads", record["id"])
        if "contacts" in wanted:
            embedded["contacts"] = [
                {"id": other, "is_main": bool(details.get("main_contact")), **_links_of("contacts", other)}
                for (kind, other), details in links.items()
                if kind == "contacts"
            ]
        if "loss_reason" in wanted:
            embedded["loss_reason"] = every.loss_reason_of(record)
        if "catalog_elements" in wanted:
            embedded["catalog_elements"] = self._elements("leads", record["id"])
        if "source" in wanted:
            embedded["source"] = every.source_of(record)

    def _embed(self, embedded: Record, entity: str, record_id: int, wanted: Wanted, possible: tuple[str, ...]) -> None:
        for kind in possible:
            if kind in wanted:
                embedded[kind] = (
                    self._elements(entity, record_id)
                    if kind == "catalog_elements"
                    else [reference(kind, other) for other in self._all.links.ids(entity, record_id, kind)]
                )

    def _elements(self, entity: str, record_id: int) -> list[Record]:
        return [
            {"id": other, "metadata": dict(details), **_links_of(f"catalogs/{details['catalog_id']}/elements", other)}
            for (kind, other), details in self._all.links.of(entity, record_id).items()
            if kind == "catalog_elements"
        ]


def _links_of(path: str, record_id: int) -> Record:
    return {"_links": listed(f"{path}/{record_id}")}
