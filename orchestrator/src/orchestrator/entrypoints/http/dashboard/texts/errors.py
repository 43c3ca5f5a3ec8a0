"""What went wrong, by code or else by HTTP status: a title and what to do."""

from orchestrator.entrypoints.http.dashboard.wording import Text, Texts

ERRORS: Texts = {
    "401.title": Text("Sign in first", "Сначала войдите"),
    "401.do": Text("The session is over. Sign in and do it again.", "Сеанс закончился. Войдите и повторите действие."),
    "403.title": Text("This is not allowed", "Это действие запрещено"),
    "403.do": Text("Go back and try another way.", "Вернитесь и попробуйте иначе."),
    "404.title": Text("There is no such page", "Такой страницы нет"),
    "404.do": Text(
        "It may have been removed, or the address is wrong.", "Возможно, она удалена или адрес указан неверно."
    ),
    "409.title": Text("This cannot be done now", "Сейчас это сделать нельзя"),
    "409.do": Text(
        "Something else stands in the way; the line below says what.",
        "Этому что-то мешает; строка ниже поясняет, что именно.",
    ),
    "422.title": Text("Something in the request is wrong", "В запросе ошибка"),
    "422.do": Text("Go back, correct it and send it again.", "Вернитесь, исправьте и отправьте снова."),
    "429.title": Text("Too many attempts", "Слишком много попыток"),
    "429.do": Text("Wait a minute, then try again.", "Подождите минуту и попробуйте снова."),
    "500.title": Text("An error of ours", "Ошибка на нашей стороне"),
    "500.do": Text(
        "Nothing was lost. The log of the service says more.", "Ничего не потеряно. Подробности — в журнале сервиса."
    ),
    "503.title": Text("Not available at the moment", "Сейчас недоступно"),
    "503.do": Text(
        "The database or another part does not answer. Try again in a few seconds; webhooks are kept meanwhile.",
        "База данных или другая часть не отвечает. Повторите через несколько секунд; вебхуки тем временем сохраняются.",
    ),
    "form_refused.title": Text("The form is too old", "Форма устарела"),
    "form_refused.do": Text(
        "It was not of this session, or came from another site. Open the page again and repeat.",
        "Она не из этого сеанса или отправлена с другого сайта. Откройте страницу заново и повторите.",
    ),
}
