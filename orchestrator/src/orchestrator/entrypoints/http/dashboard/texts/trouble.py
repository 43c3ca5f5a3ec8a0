"""What stands in the way of linking: what happened, what it means for the contacts, what to do. By stable code."""

from orchestrator.entrypoints.http.dashboard.wording import Text, Texts

NOTHING_CHANGED = Text("Nobody was sent and nothing was changed.", "Никто не передан, ничего не изменено.")
KEPT = Text("Your choices are kept; nobody was sent yet.", "Ваш выбор сохранён; пока никто не передан.")

TROUBLE: Texts = {
    "api_key_invalid.happened": Text("Unisender does not accept this key.", "Unisender не принимает этот ключ."),
    "api_key_invalid.means": NOTHING_CHANGED,
    "api_key_invalid.do": Text(
        "Copy the whole key from Unisender (Settings → Integration and API), see that API access is on, and paste it"
        " again.",
        "Скопируйте ключ целиком в Unisender («Настройки» → «Интеграция и API»), проверьте, что доступ к API включён, и"
        " вставьте его снова.",
    ),
    "key_missing.happened": Text("The key is empty.", "Ключ не указан."),
    "key_missing.means": NOTHING_CHANGED,
    "key_missing.do": Text("Paste the key from Unisender.", "Вставьте ключ из Unisender."),
    "quota_exhausted.happened": Text(
        "The Unisender account lacks money or its tariff is used up.",
        "На счёте Unisender не хватает денег или исчерпан тариф.",
    ),
    "quota_exhausted.means": KEPT,
    "quota_exhausted.do": Text(
        "Top up the account or choose a larger tariff, then try again.",
        "Пополните счёт или смените тариф, затем повторите.",
    ),
    "unreachable.happened": Text("The other side does not answer.", "Другая сторона не отвечает."),
    "unreachable.means": KEPT,
    "unreachable.do": Text("Try again in a moment.", "Повторите через минуту."),
    "unavailable.happened": Text("This is not possible at the moment.", "Сейчас это невозможно."),
    "unavailable.means": KEPT,
    "unavailable.do": Text("Try again in a moment.", "Повторите через минуту."),
    "rate_limited.happened": Text(
        "The other side asks for fewer calls.", "Другая сторона просит реже обращаться к ней."
    ),
    "rate_limited.means": KEPT,
    "rate_limited.do": Text("Wait a minute, then try again.", "Подождите минуту и повторите."),
    "api_blocked.happened": Text(
        "The other side blocks requests of this server.", "Другая сторона блокирует запросы этого сервера."
    ),
    "api_blocked.means": KEPT,
    "api_blocked.do": Text(
        "Ask its support to lift the block, then try again.", "Обратитесь в её поддержку, затем повторите."
    ),
    "subscription_lapsed.happened": Text("The amoCRM account is not paid for.", "Аккаунт amoCRM не оплачен."),
    "subscription_lapsed.means": Text(
        "amoCRM gives no data, so nobody can be sent. Your choices are kept.",
        "amoCRM не отдаёт данные, поэтому передать контакты нельзя. Ваш выбор сохранён.",
    ),
    "subscription_lapsed.do": Text(
        "Pay for the amoCRM account, then try again.", "Оплатите аккаунт amoCRM и повторите."
    ),
    "rights_missing.happened": Text(
        "The user who granted access has too few rights in amoCRM.",
        "У пользователя, выдавшего доступ, не хватает прав в amoCRM.",
    ),
    "rights_missing.means": Text(
        "Contacts this user may not see cannot be sent.", "Контакты, которые он не видит, передать нельзя."
    ),
    "rights_missing.do": Text(
        "Give the user the rights, or link the account again as an administrator.",
        "Выдайте ему права или подключите аккаунт заново от имени администратора.",
    ),
    "consent_needed.happened": Text(
        "amoCRM no longer accepts the access it granted.", "amoCRM больше не принимает выданный доступ."
    ),
    "consent_needed.means": KEPT,
    "consent_needed.do": Text(
        "Let an administrator renew the consent; you come back here.",
        "Администратор должен подтвердить доступ заново; затем вы вернётесь сюда.",
    ),
    "list_missing.happened": Text(
        "The list you chose no longer exists in Unisender.", "Выбранного списка больше нет в Unisender."
    ),
    "list_missing.means": KEPT,
    "list_missing.do": Text("Choose another list or make a new one.", "Выберите другой список или создайте новый."),
    "list_taken.happened": Text(
        "This account fills that list already.", "Этот аккаунт уже передаёт контакты в этот список."
    ),
    "list_taken.means": KEPT,
    "list_taken.do": Text(
        "Choose another list, or change the connection that fills it.",
        "Выберите другой список или измените соединение, которое его наполняет.",
    ),
    "field_name_invalid.happened": Text(
        "A field's name cannot be one in Unisender.", "Имя одного из полей не подходит для Unisender."
    ),
    "field_name_invalid.means": NOTHING_CHANGED,
    "field_name_invalid.do": Text(
        "Write it with Latin letters, digits and _, beginning with a letter, or untick the field.",
        "Напишите его латиницей, цифрами и _, начиная с буквы, или снимите отметку с поля.",
    ),
    "field_limit.happened": Text(
        "Unisender has no room for so many fields (50 at most).",
        "В Unisender не поместится столько полей (не больше 50).",
    ),
    "field_limit.means": KEPT,
    "field_limit.do": Text(
        "Untick some fields here, or delete unused ones in Unisender.",
        "Снимите отметку с части полей или удалите лишние в Unisender.",
    ),
    "invalid_connection.happened": Text("One of the choices cannot be.", "Один из параметров указан неверно."),
    "invalid_connection.means": NOTHING_CHANGED,
    "invalid_connection.do": Text("Correct what is named below.", "Исправьте то, что названо ниже."),
    "invalid_request.happened": Text("One of the choices cannot be.", "Один из параметров указан неверно."),
    "invalid_request.means": NOTHING_CHANGED,
    "invalid_request.do": Text("Correct what is named below.", "Исправьте то, что названо ниже."),
    "condition_incomplete.happened": Text("A condition is not complete.", "Одно из условий заполнено не до конца."),
    "condition_incomplete.means": NOTHING_CHANGED,
    "condition_incomplete.do": Text(
        "Choose its field or user, or remove it.", "Выберите поле или пользователя либо уберите условие."
    ),
    "access_denied.happened": Text("Access was not granted in amoCRM.", "Доступ в amoCRM не предоставлен."),
    "access_denied.means": Text(
        "The account is not linked; nothing was read from it.", "Аккаунт не подключён; из него ничего не прочитано."
    ),
    "access_denied.do": Text(
        "Let an administrator of the amoCRM account allow it.", "Доступ должен разрешить администратор аккаунта amoCRM."
    ),
    "oauth_state_expired.happened": Text("That took too long.", "Прошло слишком много времени."),
    "oauth_state_expired.means": Text("The account is not linked.", "Аккаунт не подключён."),
    "oauth_state_expired.do": Text("Start again.", "Начните заново."),
    "oauth_state_refused.happened": Text(
        "This way back from amoCRM was used already, or did not begin here.",
        "Этот переход из amoCRM уже использован или начат не здесь.",
    ),
    "oauth_state_refused.means": Text("Nothing was changed by it.", "Он ничего не изменил."),
    "oauth_state_refused.do": Text("Start again.", "Начните заново."),
    "host_refused.happened": Text("This is not an amoCRM account.", "Это не аккаунт amoCRM."),
    "host_refused.means": Text("Nothing was sent to it.", "Ему ничего не отправлено."),
    "host_refused.do": Text(
        "Use an account under amocrm.ru, amocrm.com or kommo.com.",
        "Используйте аккаунт в amocrm.ru, amocrm.com или kommo.com.",
    ),
    "code_refused.happened": Text("amoCRM did not accept the consent.", "amoCRM не приняла согласие."),
    "code_refused.means": Text("The account is not linked.", "Аккаунт не подключён."),
    "code_refused.do": Text(
        "It is good for twenty minutes and once: start again.",
        "Оно действует двадцать минут и один раз: начните заново.",
    ),
    "already_linked.happened": Text(
        "This account is linked already, by another integration.", "Этот аккаунт уже подключён через другую интеграцию."
    ),
    "already_linked.means": Text("It goes on working as before.", "Он работает как прежде."),
    "already_linked.do": Text(
        "Unlink it first if it is to be linked by this one, or choose another account.",
        "Сначала отключите его, если нужна эта интеграция, или выберите другой аккаунт.",
    ),
    "other_account.happened": Text(
        "Consent was given for another account than the one to be renewed.",
        "Доступ выдан для другого аккаунта, не для того, который нужно было возобновить.",
    ),
    "other_account.means": Text("Neither account was changed.", "Ни один из аккаунтов не изменён."),
    "other_account.do": Text(
        "Sign in to the right account in amoCRM, then start again.", "Войдите в нужный аккаунт amoCRM и начните заново."
    ),
    "unlinking.happened": Text("This account is just being unlinked.", "Этот аккаунт как раз отключается."),
    "unlinking.means": Text("It can be linked again once that is done.", "Подключить его можно, когда это завершится."),
    "unlinking.do": Text("Wait a minute, then start again.", "Подождите минуту и начните заново."),
    "misconfigured.happened": Text(
        "A setting at amoCRM, at Unisender or of this service does not fit.",
        "Настройка в amoCRM, в Unisender или в самом сервисе не подходит.",
    ),
    "misconfigured.means": KEPT,
    "misconfigured.do": Text(
        "Correct what is named below, then try again.", "Исправьте то, что названо ниже, и повторите."
    ),
    "otherwise.happened": Text("This did not work.", "Не получилось."),
    "otherwise.means": KEPT,
    "otherwise.do": Text("The line below says more; then try again.", "Строка ниже поясняет причину; затем повторите."),
}
