"""Names for Unisender fields made of what people call things: Latin letters, digits and _. Pure."""

import re
import unicodedata
from collections.abc import Iterable

PREFIX = "amo_"
"""Before names that come of amoCRM, so that they stand together and meet nobody else's."""
LONGEST = 40

_LETTERS = (
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s "
    "т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=sch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g"
)
_LATIN = {pair[0]: pair[2:] for pair in _LETTERS.split()}
_WORDS = {
    "город": "city",
    "страна": "country",
    "регион": "region",
    "область": "region",
    "адрес": "address",
    "улица": "street",
    "индекс": "postcode",
    "должность": "position",
    "компания": "company",
    "организация": "company",
    "дата рождения": "birthday",
    "день рождения": "birthday",
    "пол": "gender",
    "возраст": "age",
    "сайт": "website",
    "отчество": "middle_name",
    "источник": "source",
    "комментарий": "comment",
    "примечание": "comment",
    "скидка": "discount",
    "бонусы": "bonus",
    "язык": "language",
    "сумма": "amount",
    "согласие": "consent",
}
"""What most accounts have, in the words that most letters use."""


def variable(text: str) -> str:
    """A name such as `data_dogovora`; empty when the text has no letter or digit that could stand in one."""
    known = _WORDS.get(" ".join(text.casefold().split()))
    if known:
        return known
    latin = "".join(_LATIN.get(letter, letter) for letter in text.casefold())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST].strip("_")


def own_name(text: str, *, otherwise: str, taken: Iterable[str]) -> str:
    """`amo_` and the variable, with a number behind it while somebody has it; `otherwise` where the text gives none.

    Letter case does not count among names.
    """
    names = {name.casefold() for name in taken}
    wanted = f"{PREFIX}{variable(text) or otherwise}"
    number, name = 1, wanted
    while name.casefold() in names:
        number += 1
        name = f"{wanted}_{number}"
    return name
