"""Which seeded contact works where and asked for what: both directions by arithmetic, nothing stored."""


class Relations:
    """Links among `contacts` contacts, `companies` companies and `leads` leads, all counted from 0.

    Two contacts of three have a company, about five times fewer than contacts. A lead belongs to every fourth contact;
    every fifth lead has a second contact.
    """

    def __init__(self, *, contacts: int, companies: int, leads: int) -> None:
        self.contacts = contacts
        self.companies = companies
        self.leads = leads

    def company_of_contact(self, contact: int) -> int | None:
        if contact % 3 == 0 or not self.companies:
            return None
        return contact * self.companies // self.contacts

    def contacts_of_company(self, company: int) -> list[int]:
        return [contact for contact in self._staff(company) if contact % 3]

    def contacts_of_lead(self, lead: int) -> list[int]:
        """The main contact first."""
        return [4 * lead] if lead % 5 else [4 * lead, 4 * lead + 1]

    def leads_of_contact(self, contact: int) -> list[int]:
        lead, rest = divmod(contact, 4)
        return [lead] if lead < self.leads and (rest == 0 or (rest == 1 and lead % 5 == 0)) else []

    def company_of_lead(self, lead: int) -> int | None:
        return self.company_of_contact(4 * lead)

    def leads_of_company(self, company: int) -> list[int]:
        return [c // 4 for c in self._staff(company) if c % 3 and c % 4 == 0 and c // 4 < self.leads]

    def _staff(self, company: int) -> range:
        first = -(-company * self.contacts // self.companies)
        return range(first, -(-(company + 1) * self.contacts // self.companies))
