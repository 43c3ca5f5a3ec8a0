"""What must be done, and the buttons that do it."""

from orchestrator.entrypoints.http.dashboard.wording import Text, Texts

REPAIRS: Texts = {
    "title": Text("Repairs", "Исправить"),
    "empty_title": Text("Nothing needs to be done", "Ничего делать не нужно"),
    "empty_text": Text(
        "When something needs a person, it stands here: what happened, what it means, and what to do.",
        "Если понадобится участие человека, здесь будет сказано: что произошло, что это значит и что делать.",
    ),
    "means": Text("What it means", "Что это значит"),
    "do": Text("What to do", "Что делать"),
    "since": Text("began {ago}", "началось {ago}"),
    "close": Text("It is done, close this", "Сделано, закрыть"),
    "said_closed": Text(
        "Closed. It comes back by itself if the cause is still there.",
        "Закрыто. Если причина осталась, запись появится снова.",
    ),
    "renew": Text("Renew consent", "Обновить доступ"),
    "check_webhook": Text("Check the webhook", "Проверить вебхук"),
    "settings": Text("Open the settings", "Открыть настройки"),
    "new_key": Text("Enter a new key", "Ввести новый ключ"),
    "choose_list": Text("Choose a list", "Выбрать список"),
    "synchronise": Text("Synchronise again", "Синхронизировать снова"),
    "confirm_removal": Text("Look at who would leave…", "Посмотреть, кто будет исключён…"),
    "check_queue": Text("Open System", "Открыть раздел «Система»"),
}
