"""subscribe: one person joins lists, with or without a letter to confirm (docs: contacts/subscribe)."""

from dataclasses import dataclass

from sandbox.switches import Switches
from sandbox.unisender.accounts import Account
from sandbox.unisender.addresses import normalise_email, normalise_phone
from sandbox.unisender.contacts import (
    ADDRESS_KINDS,
    INVITED,
    MAILABLE,
    NEW,
    UNSUBSCRIBED,
    AddressKind,
    Contact,
    with_memberships,
)
from sandbox.unisender.exceptions import invalid_arg, unspecified
from sandbox.unisender.forms import Form
from sandbox.unisender.import_table import MOST_TAGS, owners_text, tag_names

OPTINS = {"0": "0", "3": "3", "4": "4", "1": "3", "2": "3"}
"""1 and 2 are older ways to say that the consent is there."""
NO_LETTER, ALWAYS_LETTER = "3", "0"


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Who joined, and which lists were new to them."""

    contact: Contact
    list_ids: list[int]


class Subscription:
    """One call of subscribe on one account. `list_ids` exist; `now` is Unix seconds.

    Raises:
        UnisenderError: an argument that makes no sense; nothing has changed then.
    """

    def __init__(self, *, account: Account, form: Form, list_ids: list[int], switches: Switches, now: int) -> None:
        self._account, self._switches, self._now = account, switches, now
        self._list_ids = list_ids
        fields = form.mapping("fields")
        self._email = self._address("email", fields.pop("email", "").strip())
        self._phone = self._address("phone", fields.pop("phone", "").strip())
        if self._email is None and self._phone is None:
            raise invalid_arg("fields must contain email or phone", "fields должен содержать email или phone")
        self._fields = self._known_fields(fields)
        self._tags = tag_names(form.text("tags"))
        if len(self._tags) > MOST_TAGS:
            raise invalid_arg(f"At most {MOST_TAGS} tags are allowed", f"Допускается не более {MOST_TAGS} меток")
        self._tags_given = "tags" in form.values
        self._optin = OPTINS.get(form.text("double_optin", switches["unisender.double_optin_default"]), "")
        if not self._optin:
            raise invalid_arg("double_optin must be 0, 3 or 4", "double_optin должен быть 0, 3 или 4")
        self._overwrite = form.text("overwrite", "0")
        if self._overwrite not in ("0", "1", "2"):
            raise invalid_arg("overwrite must be 0, 1 or 2", "overwrite должен быть 0, 1 или 2")

    def _address(self, kind: AddressKind, text: str) -> str | None:
        if not text:
            return None
        idn = self._switches["unisender.idn_domains"] == "punycode"
        address = normalise_email(text, idn=idn) if kind == "email" else normalise_phone(text)
        if address is None:
            raise invalid_arg(f'{kind} "{text}" is invalid', f'{kind} "{text}" указан неверно')
        return address

    def _known_fields(self, fields: dict[str, str]) -> dict[int, str]:
        ids = {known.name: known.id for known in self._account.fields.values()}
        if self._switches["unisender.unknown_field"] == "invalid_arg":
            for name in fields:
                if name not in ids:
                    raise invalid_arg(f'Unknown field "{name}"', f'Неизвестное поле "{name}"')
        return {ids[name]: text for name, text in fields.items() if name in ids}

    def run(self) -> Joined:
        """Let the person join.

        Raises:
            UnisenderError: two owners, no confirmation letter to send, or (if switched) an opted-out address.
        """
        contact = self._owner()
        self._check_letter(contact)
        existed = contact is not None
        contact = contact or self._account.create()
        status = INVITED if self._optin != NO_LETTER else NEW
        if self._email is not None and contact.email is None:
            self._account.give_email(contact, self._email, now=self._now, status=status)
            self._invite(contact)
        elif self._email is not None and (self._optin == ALWAYS_LETTER or contact.email_status not in MAILABLE):
            self._invite(contact)
        if self._phone is not None:
            self._account.give_phone(contact, self._phone, now=self._now)
        self._write_fields(contact, existed=existed)
        return Joined(contact=contact, list_ids=self._join(contact))

    def _owner(self) -> Contact | None:
        by_email = self._account.by_email.get(self._email or "")
        by_phone = self._account.by_phone.get(self._phone or "")
        if by_email is not None and by_phone is not None and by_email is not by_phone:
            raise unspecified(
                owners_text(self._email, self._phone),
                f'Email "{self._email}" и телефон "{self._phone}" принадлежат разным подписчикам',
            )
        if by_phone is not None and self._email is not None and by_phone.email not in (None, self._email):
            raise unspecified(
                owners_text(self._email, self._phone),
                f'Телефон "{self._phone}" принадлежит другому подписчику',
            )
        return by_email or by_phone

    def _check_letter(self, contact: Contact | None) -> None:
        if self._optin != NO_LETTER and self._switches["unisender.confirmation_letter"] == "missing":
            raise unspecified("The list has no confirmation letter", "У списка не настроено письмо подтверждения")
        opted_out = contact is not None and self._email is not None and contact.email_status == UNSUBSCRIBED
        if self._optin == NO_LETTER and opted_out and self._switches["unisender.subscribe_unsubscribed"] == "error":
            raise unspecified(f'Contact "{self._email}" is unsubscribed', f'Контакт "{self._email}" отписан')

    def _invite(self, contact: Contact) -> None:
        """A letter asks the person; what they answer is the only thing that brings an opted-out address back."""
        if self._optin != NO_LETTER:
            self._account.letters.append({"to": contact.email, "about": "confirmation", "list_id": self._list_ids[0]})

    def _write_fields(self, contact: Contact, *, existed: bool) -> None:
        tags = tuple(self._account.tag_id(name) for name in self._tags)
        stored = contact.fields()
        if not existed or self._overwrite == "1":
            contact.set_fields({known: text for known, text in self._fields.items() if text})
            contact.tags = tags
        elif self._overwrite == "2":
            contact.set_fields({**stored, **self._fields})
            contact.tags = tags if self._tags_given else contact.tags
        else:
            contact.set_fields({**self._fields, **stored})
            contact.tags = contact.tags + tuple(tag for tag in tags if tag not in contact.tags)

    def _join(self, contact: Contact) -> list[int]:
        joined: dict[int, None] = {}
        for kind, given in zip(ADDRESS_KINDS, (self._email, self._phone), strict=True):
            if given is None:
                continue
            before = contact.memberships(kind)
            known = {member.list_id for member in before}
            dropped = [list_id for list_id in known if list_id not in self._list_ids] if self._overwrite == "1" else []
            after = with_memberships(before, now=self._now, subscribe=self._list_ids, exclude=dropped)
            remember = self._switches["unisender.exclude_optout"] == "remembers"
            self._account.set_memberships(contact, kind, after, remember=remember)
            joined.update(dict.fromkeys(list_id for list_id in self._list_ids if list_id not in known))
        return list(joined)
