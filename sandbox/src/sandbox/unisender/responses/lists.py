"""Methods about lists, user fields and tags."""

from typing import Any

from sandbox.unisender.accounts import FIELD_NAME, FIELD_TYPES, MOST_FIELDS, UserField
from sandbox.unisender.columns import SYSTEM_COLUMNS
from sandbox.unisender.exceptions import UnisenderError, invalid_arg
from sandbox.unisender.responses.calls import Call, Method


def get_lists(call: Call) -> list[dict[str, Any]]:
    call.rows = len(call.account.lists)
    return [{"id": known.id, "title": known.title} for known in call.account.lists.values()]


def create_list(call: Call) -> dict[str, Any]:
    title = call.form.required("title")
    _check_title(call, title)
    made = call.account.add_list(
        title,
        before_subscribe_url=call.form.text("before_subscribe_url"),
        after_subscribe_url=call.form.text("after_subscribe_url"),
    )
    return {"id": made.id}


def update_list(call: Call) -> dict[str, Any]:
    known = call.known_list()
    title = call.form.text("title", known.title)
    if title != known.title:
        _check_title(call, title)
    call.account.rename_list(known, title)
    known.before_subscribe_url = call.form.text("before_subscribe_url", known.before_subscribe_url)
    known.after_subscribe_url = call.form.text("after_subscribe_url", known.after_subscribe_url)
    return {}


def _check_title(call: Call, title: str) -> None:
    if any(known.title == title for known in call.account.lists.values()):
        raise UnisenderError(
            call.switches["unisender.duplicate_title_code"],
            f'List with title "{title}" already exists',
            f'Список с названием "{title}" уже существует',
        )


def delete_list(call: Call) -> dict[str, Any]:
    call.account.remove_list(call.known_list().id)
    return {}


def get_fields(call: Call) -> list[dict[str, Any]]:
    call.rows = len(call.account.fields)
    return [
        {
            "id": known.id,
            "name": known.name,
            "public_name": known.public_name,
            "type": known.type,
            "is_visible": known.is_visible,
            "view_pos": known.view_pos,
        }
        for known in call.account.fields.values()
    ]


def create_field(call: Call) -> dict[str, Any]:
    form = call.form
    name, kind = form.required("name"), form.required("type")
    if kind not in FIELD_TYPES:
        raise invalid_arg(
            f"Field type must be one of {', '.join(FIELD_TYPES)}",
            f"Тип поля должен быть одним из: {', '.join(FIELD_TYPES)}",
        )
    _check_field_name(call, name, of=None)
    if len(call.account.fields) >= MOST_FIELDS:
        raise invalid_arg(
            f"The account has {MOST_FIELDS} fields already", f"В аккаунте уже есть {MOST_FIELDS} дополнительных полей"
        )
    made = call.account.add_field(
        name=name, kind=kind, public_name=form.text("public_name"), is_visible=form.number("is_visible", 1)
    )
    return {"id": made.id}


def update_field(call: Call) -> dict[str, Any]:
    known = _known_field(call)
    name = call.form.text("name", known.name)
    if name != known.name:
        _check_field_name(call, name, of=known)
        known.name = name
    known.public_name = call.form.text("public_name", known.public_name)
    known.is_visible = call.form.number("is_visible", known.is_visible)
    known.view_pos = call.form.number("view_pos", known.view_pos)
    call.bare = call.switches["unisender.update_field_answer"] == "bare"
    return {"id": known.id}


def _check_field_name(call: Call, name: str, *, of: UserField | None) -> None:
    dash = call.switches["unisender.field_name_dash"]
    if not FIELD_NAME.fullmatch(name) or ("-" in name and not dash):
        raise invalid_arg(
            "Field name may hold Latin letters, digits and _ only and starts with a letter",
            "Название поля может содержать только латинские буквы, цифры и _ и начинается с буквы",
        )
    if name in SYSTEM_COLUMNS:
        raise invalid_arg(f'Field name "{name}" is reserved', f'Название поля "{name}" зарезервировано')
    fold = str.lower if call.switches["unisender.field_name_case"] == "insensitive" else str
    if any(fold(known.name) == fold(name) for known in call.account.fields.values() if known is not of):
        raise invalid_arg(f'Field "{name}" already exists', f'Поле "{name}" уже существует')


def _known_field(call: Call) -> UserField:
    field_id = call.form.number("id")
    found = call.account.fields.get(field_id)
    if found is None:
        raise invalid_arg(f"Field {field_id} not found", f"Поле {field_id} не найдено")
    return found


def delete_field(call: Call) -> dict[str, Any]:
    call.account.remove_field(_known_field(call).id)
    return {}


def get_tags(call: Call) -> list[dict[str, Any]]:
    call.rows = len(call.account.tags)
    return [{"id": tag_id, "name": name} for tag_id, name in call.account.tags.items()]


def delete_tag(call: Call) -> dict[str, Any]:
    tag_id = call.form.number("id")
    if tag_id not in call.account.tags:
        raise invalid_arg(f"Tag {tag_id} not found", f"Метка {tag_id} не найдена")
    call.account.remove_tag(tag_id)
    return {}


METHODS = {
    "getLists": Method(answer=get_lists),
    "createList": Method(answer=create_list, changes=True),
    "updateList": Method(answer=update_list, changes=True),
    "deleteList": Method(answer=delete_list, changes=True),
    "getFields": Method(answer=get_fields),
    "createField": Method(answer=create_field, changes=True),
    "updateField": Method(answer=update_field, changes=True),
    "deleteField": Method(answer=delete_field, changes=True),
    "getTags": Method(answer=get_tags),
    "deleteTag": Method(answer=delete_tag, changes=True),
}
