// npm `unisender-api` 1.1.1: everything in the query, a JSON body that means nothing, errors handed back as answers.
"use strict";

const { asked, tell, run } = require("./telling");

require("unisender-api/lib/utils/delay").delay = () => new Promise((done) => setTimeout(done, 300)); // 10 s of its own

const axios = require("axios");
const Unisender = require("unisender-api").default;

run(async () => {
  const client = new Unisender(asked.api_key);
  client.apiUrl = `${asked.url}/ru/api/`; // the host, and nothing else

  const { result: list } = tell("createList", await client.createList("Клуб"));
  tell("updateList", await client.updateList(list.id, "Клуб друзей"));
  tell("getLists", await client.getLists());
  tell("createField", await client.createField("city", "string", { public_name: "Город" }));
  tell("getFields", await client.getFields());
  tell(
    "subscribe",
    await client.subscribe(String(list.id), "ivan@example.com", "Иван Примеров", { city: "Тверь" }, { double_optin: 3 }),
  );
  tell(
    "importContacts",
    await client.importContacts(
      ["email", "email_list_ids", "Name", "tags"],
      [
        ["anna@example.com", list.id, "Анна Образцова", "клиент"],
        ["info@example.com", list.id, "Приёмная", "общий"],
      ],
    ),
  );
  // It does not percent-encode a plus, so the server sees a blank.
  tell("importContacts of a plus", await client.importContacts(["email"], [["ivan+news@example.com"]]));
  tell(
    "getContact",
    await client.getContact("ivan@example.com", { include_lists: 1, include_fields: 1, include_details: 1 }),
  );
  tell("getContact of nobody", await client.getContact("nobody@example.com"));
  tell("getContactCount", await client.getContactCount(list.id, { type: "address" }));
  tell("getTotalContactsCount", await client.getTotalContactsCount(asked.login));
  const file = tell("exportContacts", await client.exportContacts({ list_id: list.id }, ["email", "Name"]));
  tell("file", (await axios.get(file)).data);
  tell("unsubscribe", await client.unsubscribe("email", "ivan@example.com", String(list.id)));
  tell("exclude", await client.exclude("email", "anna@example.com", String(list.id)));
  tell("list", list.id);
});
