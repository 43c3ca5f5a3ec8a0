"""The accounts page, and what can be done with an account there."""

from orchestrator.entrypoints.http.dashboard.wording import Text, Texts

ACCOUNTS: Texts = {
    "title": Text("Accounts", "Аккаунты"),
    "link": Text("Link an amoCRM account", "Подключить аккаунт amoCRM"),
    "empty_title": Text("Nothing is linked yet", "Пока ничего не подключено"),
    "empty_text": Text(
        "Link an amoCRM account, choose a Unisender list, and every contact will be in it; changes follow within"
        " seconds.",
        "Подключите аккаунт amoCRM и выберите список Unisender: в нём появятся все контакты, а изменения будут"
        " приходить за секунды.",
    ),
    "no_connection": Text("No list is chosen yet.", "Список пока не выбран."),
    "choose_list": Text("Choose a list", "Выбрать список"),
    "in_list": Text("in “{list}”", "в списке «{list}»"),
    "attention": Text("{count|needs|need} attention", "{count|требует|требуют|требуют} внимания"),
    "opted_out": Text("opted {count|out|out}", "{count|отписался|отписались|отписались}"),
    "pending": Text(
        "{count} {count|change|changes} on {count|its|their} way",
        "{count} {count|изменение|изменения|изменений} в пути",
    ),
    "p50": Text("half within", "половина за"),
    "p95": Text("95 % within", "95 % за"),
    "chart": Text(
        "Delay of changes in the last hour, by five minutes: half within {p50}, 95 % within {p95}, {count}"
        " {count|change|changes}",
        "Задержка изменений за последний час по пять минут: половина за {p50}, 95 % за {p95}, {count}"
        " {count|изменение|изменения|изменений}",
    ),
    "quiet": Text("no changes in the last hour", "за последний час изменений не было"),
    "last_change": Text("last change {ago}", "последнее изменение {ago}"),
    "repairs": Text("{count} {count|thing|things} to repair", "Исправить: {count}"),
    "last_error": Text(
        "The last synchronisation failed {ago}: {why}", "Последняя синхронизация не удалась {ago}: {why}"
    ),
    "why_unknown": Text("see its history", "подробности в истории"),
    "synchronise": Text("Synchronise everything", "Синхронизировать всё"),
    "renew": Text("Renew consent", "Обновить доступ"),
    "pause": Text("Pause", "Приостановить"),
    "resume": Text("Resume", "Возобновить"),
    "link_again": Text("Link again", "Подключить снова"),
    "progress_of": Text("{part} of {whole}", "{part} из {whole}"),
    "progress_read": Text("{part} read", "прочитано {part}"),
    "rate": Text("{rate}/s", "{rate}/с"),
    "left": Text("{time} left", "осталось {time}"),
    "progress": Text("Progress: {what}", "Ход: {what}"),
    "said_started": Text(
        "The synchronisation has begun: everything is read and compared.",
        "Синхронизация началась: все контакты будут прочитаны и сверены.",
    ),
    "said_paused": Text(
        "Paused. Changes gather and are sent once you resume.",
        "Приостановлено. Изменения копятся и будут переданы после возобновления.",
    ),
    "said_resumed": Text(
        "Resumed. What changed meanwhile is on its way.", "Возобновлено. Накопившиеся изменения уже в пути."
    ),
    "finish": Text("Finish setting up", "Завершить настройку"),
    "draft": Text(
        "A connection to the list “{list}” was begun and is not set up yet: nobody is sent.",
        "Соединение со списком «{list}» начато, но не настроено: контакты не передаются.",
    ),
}
