"""A connection's settings, and letting people leave whom a deep sync did not find."""

from orchestrator.entrypoints.http.dashboard.wording import Text, Texts

SETTINGS: Texts = {
    "title": Text("Settings of “{name}”", "Настройки «{name}»"),
    "name": Text("Name", "Название"),
    "list": Text("Unisender list", "Список Unisender"),
    "list_hint": Text(
        "Title of the list; it is made when there is none. Another list is filled anew; people stay in the old one.",
        "Название списка; если такого нет, он будет создан. Другой список заполнится заново, в прежнем контакты"
        " останутся.",
    ),
    "api_key": Text("New Unisender API key", "Новый API-ключ Unisender"),
    "api_key_hint": Text(
        "Leave it empty to keep the present one ({tail}).", "Оставьте пустым, чтобы сохранить текущий ({tail})."
    ),
    "schedule": Text("Schedule of changes", "Расписание изменений"),
    "deep_schedule": Text("Schedule of “everything again”", "Расписание полной сверки"),
    "schedule_hint": Text(
        "Cron expression in UTC; now: {words}. Empty: never.", "Cron-выражение в UTC; сейчас: {words}. Пусто: никогда."
    ),
    "emails": Text("E-mail addresses", "Адреса e-mail"),
    "emails_first": Text("the first valid one of a person", "первый корректный адрес контакта"),
    "emails_all": Text("all of a person, as several contacts", "все адреса контакта, отдельными контактами"),
    "on_leaving": Text("Who no longer matches the rule", "Кто больше не подходит под правило"),
    "on_delete": Text("Who is deleted in amoCRM", "Кто удалён в amoCRM"),
    "max_removals": Text(
        "Largest share that may leave at once, in percent", "Какая доля может уйти за раз, в процентах"
    ),
    "max_removals_hint": Text(
        "“Everything again” stops and asks when more people would leave the list.",
        "Полная сверка остановится и спросит, если из списка ушло бы больше.",
    ),
    "save": Text("Save", "Сохранить"),
    "said_saved": Text("Saved.", "Сохранено."),
    "wrong": Text("Something has to be corrected:", "Нужно исправить:"),
    "mapping": Text("Mapping and filter", "Поля и фильтр"),
    "mapping_hint": Text(
        "With a preview of what is sent. A change concerns everybody, so all contacts are read again.",
        "С предпросмотром того, что передаётся. Изменение касается всех, поэтому контакты будут прочитаны заново.",
    ),
    "by_yaml": Text(
        "This connection is written in the configuration file and is changed there.",
        "Это соединение задано в файле конфигурации и меняется там.",
    ),
    "remove": Text("Remove the connection…", "Удалить соединение…"),
    "remove_title": Text("Remove “{name}”", "Удалить «{name}»"),
    "remove_means": Text(
        "{count} {count|person stays|people stay} in the Unisender list. What is known of them here is forgotten;"
        " opt-outs stay known as hashes. This cannot be undone.",
        "В списке Unisender {count|остаётся|остаются|остаются} {count} {count|контакт|контакта|контактов}. Сведения"
        " о них здесь стираются, отписки остаются известны в виде хешей. Отменить это нельзя.",
    ),
    "remove_do": Text("Remove", "Удалить"),
    "said_removed": Text("The connection was removed.", "Соединение удалено."),
    "removal_title": Text("Who would leave “{list}”", "Кто уйдёт из «{list}»"),
    "removal_means": Text(
        "A full re-read did not find {count} {count|person|people} who {count|is|are} in the list: deleted in amoCRM,"
        " filtered out, or without an address. Nobody was taken out yet.",
        "Полная сверка не нашла {count} {count|контакт|контакта|контактов} из списка: удалены в amoCRM, не подходят под"
        " правило или остались без адреса. Пока никто не исключён.",
    ),
    "removal_some": Text("The first of them:", "Первые из них:"),
    "removal_then": Text(
        "Everything is read once more, and whoever is still not found leaves the list. Nobody is unsubscribed.",
        "Все контакты будут прочитаны ещё раз; кто снова не найдётся, будет исключён из списка. Никто не отписывается.",
    ),
    "removal_do": Text("Let them leave", "Исключить"),
    "said_removal": Text(
        "Everything is being read once more; then they leave.", "Идёт повторная сверка, затем они будут исключены."
    ),
}
