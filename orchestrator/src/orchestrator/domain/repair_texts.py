"""The three sentences of every repair: what happened, what it means for the contacts, what to do. In two languages.

Facts are optional everywhere: whoever opens a repair gives what it knows (`host`, `list`, `detail`, `count`,
`synced`, `url`), never a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.repair import Repair, RepairCode
from orchestrator.domain.wording import Language, filled


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeSentences:
    """A problem as people are told of it."""

    happened: str
    means: str
    do: str


def _three(happened: str, means: str, do: str) -> ThreeSentences:
    return ThreeSentences(happened=happened, means=means, do=do)


TEMPLATES: Mapping[RepairCode, Mapping[Language, ThreeSentences]] = {
    RepairCode.CONSENT_NEEDED: {
        "en": _three(
            "amoCRM[ ({host})] no longer accepts the access it once granted.",
            "Contacts stay in the list as they are; changes in amoCRM arrive nowhere until access is renewed.",
            "Let an administrator of the amoCRM account renew the consent[: {url}]. Nothing changed meanwhile is lost.",
        ),
        "ru": _three(
            "amoCRM[ ({host})] больше не принимает выданный доступ.",
            "Контакты остаются в списке как есть; изменения из amoCRM не передаются, пока доступ не возобновлён.",
            "Администратор amoCRM должен подтвердить доступ заново[: {url}]. Изменения за это время не потеряются.",
        ),
    },
    RepairCode.WEBHOOK_DISABLED: {
        "en": _three(
            "amoCRM[ ({host})] switched our webhook off, and it could not be switched on again[: {detail}].",
            "Changes arrive with the next scheduled synchronisation instead of within seconds; none is lost.",
            "See that this server's address can be reached from the internet over HTTPS, then check the webhook again.",
        ),
        "ru": _three(
            "amoCRM[ ({host})] отключила вебхук этого сервиса, и включить его снова не удалось[: {detail}].",
            "Изменения приходят со следующей синхронизацией по расписанию, а не за секунды; ничего не теряется.",
            "Проверьте, доступен ли адрес этого сервера из интернета по HTTPS, и повторите проверку вебхука.",
        ),
    },
    RepairCode.WEBHOOKS_NOT_IN_TARIFF: {
        "en": _three(
            "The tariff or the user's rights in amoCRM[ ({host})] allow no webhooks.",
            "The account works, but changes arrive with the next scheduled synchronisation instead of within seconds.",
            "Choose a tariff with webhooks, or link again as an administrator; otherwise shorten the schedule.",
        ),
        "ru": _three(
            "Тариф или права пользователя в amoCRM[ ({host})] не позволяют использовать вебхуки.",
            "Аккаунт работает, но изменения приходят со следующей синхронизацией по расписанию, а не за секунды.",
            "Выберите тариф с вебхуками или подключите аккаунт как администратор; иначе сделайте расписание чаще.",
        ),
    },
    RepairCode.API_BLOCKED: {
        "en": _three(
            "Requests of this server are blocked by the other side[ ({host})][: {detail}].",
            "Nothing is transferred; contacts stay in the list as they are.",
            "Wait for the block to end or ask the vendor's support, then start the synchronisation again.",
        ),
        "ru": _three(
            "Запросы этого сервера заблокированы другой стороной[ ({host})][: {detail}].",
            "Ничего не передаётся; контакты остаются в списке как есть.",
            "Дождитесь снятия блокировки или обратитесь в поддержку, затем запустите синхронизацию снова.",
        ),
    },
    RepairCode.SUBSCRIPTION_LAPSED: {
        "en": _three(
            "The amoCRM account[ {host}] is not paid for.",
            "amoCRM gives no data; contacts stay in the list as they are.",
            "Pay for the amoCRM account; synchronisation goes on where it stopped.",
        ),
        "ru": _three(
            "Аккаунт amoCRM[ {host}] не оплачен.",
            "amoCRM не отдаёт данные; контакты остаются в списке как есть.",
            "Оплатите аккаунт amoCRM; синхронизация продолжится с того же места.",
        ),
    },
    RepairCode.RIGHTS_MISSING: {
        "en": _three(
            "The user who granted access has too few rights in amoCRM[ ({host})][: {detail}].",
            "Contacts that this user may not see are not transferred.",
            "Give the user the rights, or link the account again as an administrator.",
        ),
        "ru": _three(
            "У пользователя, выдавшего доступ, не хватает прав в amoCRM[ ({host})][: {detail}].",
            "Контакты, которые этот пользователь не видит, не передаются.",
            "Выдайте пользователю права или подключите аккаунт заново от имени администратора.",
        ),
    },
    RepairCode.API_KEY_INVALID: {
        "en": _three(
            "Unisender does not accept the API key[: {detail}].",
            "Nobody new reaches the list[ “{list}”] and changes do not arrive; they wait here.",
            "Copy the key from Unisender's settings (Integration and API), see that API access is on there, and save it"
            " in the connection.",
        ),
        "ru": _three(
            "Unisender не принимает API-ключ[: {detail}].",
            "Новые контакты не попадают в список[ «{list}»], изменения не передаются; они ждут здесь.",
            "Скопируйте ключ в настройках Unisender («Интеграция и API»), проверьте, что доступ к API включён, и"
            " сохраните ключ в соединении.",
        ),
    },
    RepairCode.LIST_MISSING: {
        "en": _three(
            "The list[ “{list}”] no longer exists in Unisender.",
            "Nobody can be added or changed; people who were only in this list get no letters.",
            "Choose or create a list in the connection; then everybody is transferred to it.",
        ),
        "ru": _three(
            "Списка[ «{list}»] больше нет в Unisender.",
            "Контакты не добавляются и не обновляются; кто был только в этом списке, не получает писем.",
            "Выберите или создайте список в соединении; затем все контакты будут переданы в него.",
        ),
    },
    RepairCode.FIELD_MISSING: {
        "en": _three(
            "A field of the mapping does not exist[: {detail}].",
            "Contacts are not transferred until the mapping fits.",
            "Correct the field in the connection's mapping.",
        ),
        "ru": _three(
            "Поля из сопоставления не существует[: {detail}].",
            "Контакты не передаются, пока сопоставление не исправлено.",
            "Исправьте поле в сопоставлении соединения.",
        ),
    },
    RepairCode.FIELD_LIMIT: {
        "en": _three(
            "Unisender has no room for another field (50 at most)[: {detail}].",
            "Contacts are not transferred until the mapping fits.",
            "Delete unused fields in Unisender or map fewer.",
        ),
        "ru": _three(
            "В Unisender нет места для новых полей (не больше 50)[: {detail}].",
            "Контакты не передаются, пока сопоставление не исправлено.",
            "Удалите лишние поля в Unisender или сопоставьте меньше полей.",
        ),
    },
    RepairCode.QUOTA_EXHAUSTED: {
        "en": _three(
            "The Unisender account lacks money or its tariff is used up[: {detail}].",
            "People already in the list stay there; new ones and changes wait.",
            "Top up the account or choose a larger tariff, then start the synchronisation again.",
        ),
        "ru": _three(
            "На счёте Unisender не хватает денег или исчерпан тариф[: {detail}].",
            "Кто уже в списке, остаётся в нём; новые контакты и изменения ждут.",
            "Пополните счёт или выберите тариф больше, затем запустите синхронизацию снова.",
        ),
    },
    RepairCode.WOULD_EMPTY_LIST: {
        "en": _three(
            "A full re-read no longer found[ {count} of {synced}] people who are in the list[ “{list}”].",
            "Nobody was taken out: so many at once are more often a wrong filter or lost rights than meant.",
            "Look at the plan. If it is right, confirm the removal; if not, correct the filter or amoCRM's rights.",
        ),
        "ru": _three(
            "Полная сверка не нашла в amoCRM[ {count} из {synced}] контактов списка[ «{list}»].",
            "Никто не исключён: так много сразу чаще означает ошибку в фильтре или потерю прав, чем намерение.",
            "Посмотрите план. Если всё верно, подтвердите исключение; если нет, исправьте фильтр или права в amoCRM.",
        ),
    },
    RepairCode.QUEUE_NOT_DURABLE: {
        "en": _three(
            "beanstalkd runs without a binlog[ ({detail})].",
            "No change is lost, but after a restart of beanstalkd changes arrive some seconds later.",
            "Start beanstalkd with the option -b and a folder.",
        ),
        "ru": _three(
            "beanstalkd работает без журнала (binlog)[ ({detail})].",
            "Изменения не теряются, но после перезапуска beanstalkd приходят на несколько секунд позже.",
            "Запустите beanstalkd с ключом -b и папкой.",
        ),
    },
    RepairCode.CLOCK_SKEW: {
        "en": _three(
            "The clock of this server is wrong[ by {detail}].",
            "Changes may be taken for older than they are, and tokens renewed too late.",
            "Set the server's clock by NTP.",
        ),
        "ru": _three(
            "Часы этого сервера показывают неверное время[, разница {detail}].",
            "Изменения могут считаться старыми, а токены обновляться слишком поздно.",
            "Настройте на сервере синхронизацию времени по NTP.",
        ),
    },
    RepairCode.MISCONFIGURED: {
        "en": _three(
            "The configuration needs a change[: {detail}].",
            "Contacts are not transferred until it is corrected; those in the list stay there.",
            "Correct what the sentence above names, then start the synchronisation again.",
        ),
        "ru": _three(
            "Конфигурацию нужно исправить[: {detail}].",
            "Контакты не передаются, пока она не исправлена; кто уже в списке, остаётся в нём.",
            "Исправьте то, что названо выше, затем запустите синхронизацию снова.",
        ),
    },
}


def repair_text(code: RepairCode, language: Language, facts: Mapping[str, str]) -> ThreeSentences:
    """The sentences with what is known of this one."""
    template = TEMPLATES[code][language]
    return _three(filled(template.happened, facts), filled(template.means, facts), filled(template.do, facts))


def text_of(repair: Repair, language: Language) -> ThreeSentences:
    return repair_text(repair.code, language, repair.facts)
