"""From the configuration file to values, or to one sentence per thing that is wrong, naming the key and the way out."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError

from destination_unisender.config import Config, FieldMapping
from destination_unisender.errors import ConfigError


def parse_config(raw: object) -> Config:
    """The configuration, checked.

    Raises:
        ConfigError: with one sentence per thing that is wrong, each naming its key.

    """
    if not isinstance(raw, Mapping):
        raise ConfigError("The configuration must be a JSON object; see the connector's spec.")
    try:
        return Config.model_validate(dict(raw))
    except ValidationError as error:
        complaints = [
            _complaint(detail["loc"], detail["type"], detail["msg"]) for detail in error.errors(include_input=False)
        ]
        sentence = f"The configuration needs a change: {'; '.join(complaints)}"
        raise ConfigError(sentence if sentence.endswith("?") else f"{sentence}.") from None


def _complaint(location: Sequence[int | str], kind: str, message: str) -> str:
    name = ".".join(str(part) for part in location) or "config"
    if kind == "extra_forbidden":
        return f"{name} is not a known key{_suggestion(location)}"
    if kind == "missing":
        return f"{name} is missing: add it"
    return f"{name}: {message.removeprefix('Value error, ')}"


def _suggestion(location: Sequence[int | str]) -> str:
    model: type[BaseModel] = Config
    for part in location[:-1]:
        inner = _inner_model(model, part) if isinstance(part, str) else model
        if inner is None:
            return ": remove it"
        model = inner
    known = [info.alias or name for name, info in model.model_fields.items()]
    close = get_close_matches(str(location[-1]), known, n=1)
    return f": did you mean {close[0]}?" if close else f": remove it, or use one of {', '.join(known)}"


def _inner_model(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    info = model.model_fields.get(name)
    if info is None:
        return None
    if name == "fields":
        return FieldMapping
    return info.annotation if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel) else None
