"""What stands around every page, and signing in."""

from orchestrator.entrypoints.http.dashboard.wording import Text, Texts

LAYOUT: Texts = {
    "product": Text("amoCRM → Unisender", "amoCRM → Unisender"),
    "skip": Text("Skip to content", "К содержанию"),
    "navigation": Text("Sections", "Разделы"),
    "section_accounts": Text("Accounts", "Аккаунты"),
    "section_contacts": Text("Contacts", "Контакты"),
    "section_repairs": Text("Repairs", "Исправить"),
    "section_system": Text("System", "Система"),
    "language": Text("Language", "Язык"),
    "theme": Text("Theme", "Тема"),
    "theme_auto": Text("As the device", "Как на устройстве"),
    "theme_light": Text("Light", "Светлая"),
    "theme_dark": Text("Dark", "Тёмная"),
    "sign_in": Text("Sign in", "Вход"),
    "sign_in_button": Text("Sign in", "Войти"),
    "sign_out": Text("Sign out", "Выйти"),
    "password": Text("Administrator password", "Пароль администратора"),
    "password_where": Text(
        "It is in secrets.yaml, beside the configuration: admin_password.",
        "Он в файле secrets.yaml рядом с конфигурацией: admin_password.",
    ),
    "password_wrong": Text("This is not the password. Try again.", "Пароль не подходит. Попробуйте ещё раз."),
    "off_title": Text("The pages are switched off", "Страницы выключены"),
    "off_why": Text(
        "No administrator password is configured, so nobody can sign in. Webhooks and the API work.",
        "Пароль администратора не задан, поэтому войти нельзя. Вебхуки и API работают.",
    ),
    "off_do": Text(
        "Write a password into secrets.yaml (orchestrator keys new prints one) and name it in configuration.yaml:",
        "Запишите пароль в secrets.yaml (его создаст orchestrator keys new) и укажите его в configuration.yaml:",
    ),
    "to_accounts": Text("To the accounts", "К аккаунтам"),
    "code": Text("Code", "Код"),
    "page_title": Text("{title} · amoCRM → Unisender", "{title} · amoCRM → Unisender"),
    "live_lost": Text(
        "The connection was lost: figures are as they were. Trying again…",
        "Связь потеряна: показаны прежние данные. Подключаемся снова…",
    ),
}
