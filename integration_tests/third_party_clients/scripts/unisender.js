// npm `unisender` 1.1.1: form bodies with ?format=json beside; it rejects an answer whose result is falsy.
"use strict";

const { asked, tell, tellFailure, run } = require("./telling");

require("unisender/src/config/defaults").url = asked.url; // the host, and nothing else

const UniSender = require("unisender");

run(async () => {
  const client = new UniSender({ api_key: asked.api_key, lang: "ru" });

  const { result: list } = tell("createList", await client.createList({ title: "Новости Примера" }));
  tell("updateList", await client.updateList({ list_id: list.id, title: "Новости «Примера»" }));
  tell("getLists", await client.getLists());
  tell("createField", await client.createField({ name: "city", type: "string", public_name: "Город" }));
  tell("getFields", await client.getFields());
  tell(
    "subscribe",
    await client.subscribe({
      list_ids: String(list.id),
      fields: { email: "ivan@example.com", Name: "Иван Примеров" },
      tags: "первый,второй",
      double_optin: 3,
    }),
  );
  // A value that a row lacks is sent as no cell at all.
  tell(
    "importContacts",
    await client.importContacts({
      field_names: ["email", "email_list_ids", "Name", "city"],
      data: [
        { email: "anna@example.com", email_list_ids: list.id, Name: "Анна Образцова", city: "Казань" },
        { email: "petr@example.com", email_list_ids: list.id, city: "Пермь" },
        { email: "not an address", email_list_ids: list.id, Name: "Никто" },
      ],
    }),
  );
  tell(
    "exportContacts",
    await client.exportContacts({ list_id: list.id, field_names: ["email", "Name", "city"], limit: 100 }),
  );
  tell("getTags", await client.getTags());
  tell(
    "unsubscribe",
    await client.unsubscribe({ contact_type: "email", contact: "anna@example.com", list_ids: String(list.id) }),
  );
  tell("exclude", await client.exclude({ contact_type: "email", contact: "petr@example.com", list_ids: String(list.id) }));
  tell("getUserInfo", await client.getUserInfo({ login: "sandbox" }).catch((refused) => refused));
  await tellFailure("createList again", () => client.createList({ title: "Новости «Примера»" }));
  await tellFailure("wrong key", () => new UniSender({ api_key: "nobodys-key" }).getLists());
  tell("list", list.id);
});
