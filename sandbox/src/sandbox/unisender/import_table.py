"""The table of one importContacts call: its columns, rows and list ids.

What applies to the whole call is checked here, before the first row is applied, so a refused call changes nothing.
"""

from operator import itemgetter

from sandbox.switches import Switches
from sandbox.unisender.accounts import Account
from sandbox.unisender.addresses import normalise_email, normalise_phone
from sandbox.unisender.columns import LIST_COLUMNS, SYSTEM_COLUMNS
from sandbox.unisender.exceptions import invalid_arg, unspecified
from sandbox.unisender.forms import Form, Table, ids_of

MOST_ROWS, MOST_TAGS = 500, 10


class ImportTable:
    """A checked table.

    `columns`: the cell key of each system column by its name; `field_keys` and `field_ids`: cell keys and field ids of
    the user columns; `rows`: (row number, cells by key), ascending; `list_ids`: the ids behind each text in a list
    column; `unknown_lists`: for texts with a list that does not exist, that list.

    Raises:
        UnisenderError: what refuses the whole call.
    """

    def __init__(self, *, account: Account, form: Form, switches: Switches) -> None:
        self._account = account
        self._switches = switches
        self.columns, user_columns = self._name_columns(form.sequence("field_names"))
        self.field_keys = tuple(user_columns)
        self.field_ids = tuple(user_columns.values())
        self.rows = self._sorted_rows(form.table)
        self.list_ids: dict[str, tuple[int, ...]] = {"": ()}
        self.unknown_lists: dict[str, int] = {}
        self._check_lists()
        self._check_tags()
        self._check_owners()

    def _name_columns(self, names: dict[str, str]) -> tuple[dict[str, str], dict[str, int]]:
        """System columns by name, user columns by field id; each with the key that its cells have."""
        known_fields = {known.name: known.id for known in self._account.fields.values()}
        system: dict[str, str] = {}
        user: dict[str, int] = {}
        for key, name in names.items():
            if name in SYSTEM_COLUMNS:
                system[name] = key
            elif name in known_fields:
                user[key] = known_fields[name]
            elif self._switches["unisender.unknown_field"] == "invalid_arg":
                raise invalid_arg(f'Unknown field "{name}" in field_names', f'Неизвестное поле "{name}" в field_names')
        if self._switches["unisender.import_identity"] == "email_only" and "email" not in system:
            raise invalid_arg("field_names must contain email", "field_names должен содержать email")
        if "email" not in system and "phone" not in system:
            raise invalid_arg("field_names must contain email or phone", "field_names должен содержать email или phone")
        return system, user

    def _sorted_rows(self, table: Table) -> list[tuple[int, dict[str, str]]]:
        if not table:
            raise invalid_arg("Argument data is required", "Не указан обязательный аргумент data")
        rows = sorted(((int(index), cells) for index, cells in table.items()), key=itemgetter(0))
        if len(rows) > MOST_ROWS:
            if self._switches["unisender.too_many_rows"] == "invalid_arg":
                raise invalid_arg(
                    f"data must contain at most {MOST_ROWS} rows", f"data может содержать не более {MOST_ROWS} строк"
                )
            del rows[MOST_ROWS:]
        return rows

    def _texts_of(self, column: str) -> set[str]:
        key = self.columns.get(column)
        return {text for _, cells in self.rows if (text := cells.get(key, ""))} if key is not None else set()

    def _check_lists(self) -> None:
        """Ids that are no numbers always fail the call; unknown ones fail the call or their row."""
        for column in LIST_COLUMNS:
            for text in self._texts_of(column):
                self.list_ids[text] = tuple(ids_of(text, column))
                unknown = [list_id for list_id in self.list_ids[text] if list_id not in self._account.lists]
                if not unknown:
                    continue
                if self._switches["unisender.unknown_list"] == "invalid_arg":
                    raise invalid_arg(f"List {unknown[0]} not found", f"Список {unknown[0]} не найден")
                self.unknown_lists[text] = unknown[0]

    def _check_tags(self) -> None:
        if self._switches["unisender.too_many_tags"] != "invalid_arg":
            return
        for text in self._texts_of("tags"):
            if text.count(",") >= MOST_TAGS and len(tag_names(text)) > MOST_TAGS:
                raise invalid_arg(
                    f"A contact may have at most {MOST_TAGS} tags", f"У контакта может быть не более {MOST_TAGS} меток"
                )

    def _check_owners(self) -> None:
        if self._switches["unisender.different_owners"] != "call" or not {"email", "phone"} <= set(self.columns):
            return
        for _, cells in self.rows:
            email = normalise_email(cells.get(self.columns["email"], ""))
            phone = normalise_phone(cells.get(self.columns["phone"], ""))
            by_email, by_phone = self._account.by_email.get(email or ""), self._account.by_phone.get(phone or "")
            if by_email is not None and by_phone is not None and by_email is not by_phone:
                raise unspecified(owners_text(email, phone), f"Email {email} и телефон {phone} у разных подписчиков")


def owners_text(email: str | None, phone: str | None) -> str:
    return f'Email "{email}" and phone "{phone}" are owned by different subscribers'


def tag_names(text: str) -> list[str]:
    """The tags of a comma-joined cell, each once."""
    return list(dict.fromkeys(name for raw in text.split(",") if (name := raw.strip())))
