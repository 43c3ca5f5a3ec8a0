// npm `unisender-node` 0.0.7: the key in the query, no format, and data[...] sent before field_names[...].
"use strict";

const { asked, tell, run } = require("./telling");

const axios = require("axios");

axios.interceptors.request.use((request) => ({
  ...request,
  url: request.url.replace("https://api.unisender.com", asked.url), // the host, and nothing else
}));

const Unisender = require("unisender-node").default;

run(async () => {
  const client = new Unisender({ apiKey: asked.api_key, lang: "en" });

  const { result: list } = tell("createList", await client.createList({ title: "Readers" }));
  tell("getLists", await client.getLists());
  const { result: field } = tell("createField", await client.createField({ name: "city", type: "string" }));
  tell("updateField", await client.updateField({ id: field.id, name: "city", public_name: "Город" }));
  tell("getFields", await client.getFields());
  const rows = Array.from({ length: 501 }, (_, number) => ({
    email: `reader${number}@example.com`,
    email_list_ids: list.id,
    city: "Казань",
  }));
  tell("importContactsBatch", await client.importContactsBatch({ data: rows }));
  tell(
    "importContacts",
    await client.importContacts({
      field_names: ["email", "tags"],
      data: [["reader1@example.com", "vip,клуб"]],
      overwrite_tags: 0,
    }),
  );
  tell("getContact", await client.getContact({ email: "reader1@example.com", include_lists: 1, include_fields: 1 }));
  tell("getContactFieldValues", await client.getContactFieldValues({ email: "reader1@example.com", field_ids: field.id }));
  tell("isContactInLists", await client.isContactInLists({ email: "reader1@example.com", list_ids: [list.id], condition: "and" }));
  tell("isContactInLists of nobody", await client.isContactInLists({ email: "nobody@example.com", list_ids: [list.id], condition: "or" }));
  tell("getContactCount", await client.getContactCount({ list_id: list.id, params: { type: "address" } }));
  const { result: task } = tell(
    "exportContacts",
    await client.exportContacts({ list_id: list.id, field_names: ["email", "city"], email: "reader1@example.com" }),
  );
  for (let status = "new", left = 100; left && status !== "completed"; left -= 1) {
    const { result } = await client.getTaskResult({ task_uuid: task.task_uuid });
    status = result.status;
    if (status === "completed") {
      tell("getTaskResult", result);
      tell("file", (await axios.get(result.file_to_download)).data);
    } else {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  tell("getTags", await client.getTags());
  tell("unsubscribe", await client.unsubscribe({ contact_type: "email", contact: "reader1@example.com", list_ids: [list.id] }));
  tell("exclude", await client.exclude({ contact_type: "email", contact: "reader2@example.com", list_ids: [list.id] }));
  tell("list", list.id);
});
