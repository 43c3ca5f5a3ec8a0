"""The accounts page."""

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
}
