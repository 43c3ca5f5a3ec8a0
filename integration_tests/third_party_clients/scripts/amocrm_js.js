// npm `amocrm-js` 3.6.0: entities over node:https, which always speaks to port 443 of {domain}.
"use strict";

const http = require("http");
const https = require("https");

const { asked, tell, tellFailure, run } = require("./telling");

// The host, and nothing else: what was meant for the vendor's port 443 travels to the sandbox, Host header kept.
const sandbox = new URL(asked.url);
https.request = (options, answered) =>
  http.request(
    { ...options, hostname: sandbox.hostname, port: sandbox.port, headers: { ...options.headers, Host: options.hostname } },
    answered,
  );

const { Client } = require("amocrm-js");

const keys = { client_id: asked.client_id, client_secret: asked.client_secret, redirect_uri: asked.redirect_uri };

run(async () => {
  const client = new Client({ domain: asked.domain, auth: { ...keys, code: asked.code } });

  const { data: account } = await client.request.get("/api/v4/account", { with: "amojo_id,version" });
  tell("account", account);
  tell("expires", client.token.getValue().expires_at - Date.now());

  const names = [];
  const page = await client.contacts.get({ limit: 100, page: 1, with: ["leads"] });
  for (let more = true; more; more = page.hasNext() && (await page.next())) {
    names.push(page.getData().map((contact) => contact.id));
  }
  tell("contacts", names);

  const [anna] = await client.contacts.create([{ name: "Анна Образцова" }]);
  const contact = await client.contacts.getById(anna.id);
  tell("contact", contact.getAttributes());
  contact.name = "Анна Примерова";
  await contact.save();
  tell("contact changed", (await client.contacts.getById(anna.id)).name);

  const lead = new client.Lead({ name: "Сделка", price: 700 });
  await lead.save();
  tell("lead", (await client.leads.getById(lead.id)).getAttributes());
  await client.leads.update([{ id: lead.id, price: 800 }]);
  tell("lead changed", (await client.leads.getById(lead.id)).price);
  const [tag] = await client.leads.tags.create([{ name: "срочно" }]);
  tell("tag", tag.name);

  const [task] = await client.leads.tasks.create([
    { text: "Позвонить", entity_id: lead.id, complete_till: Math.floor(Date.now() / 1000) + 86400, task_type_id: 1 },
  ]);
  tell("task", (await client.tasks.getById(task.id)).getAttributes());

  const [company] = await client.companies.create([{ name: "ООО «Пример»" }]);
  tell("company", (await client.companies.getById(company.id)).name);

  const before = client.token.getValue();
  await client.token.refresh();
  const after = client.token.getValue();
  tell("rotated", before.access_token !== after.access_token && before.refresh_token !== after.refresh_token);
  tell("account after rotation", (await client.request.get("/api/v4/account")).data.id);

  console.error = () => {}; // the client prints the refusals it throws
  await tellFailure("code twice", () => new Client({ domain: asked.domain, auth: { ...keys, code: asked.code } }).connection.connect());
  const longLived = new Client({ domain: asked.domain, auth: { ...keys, bearer: asked.long_lived } });
  tell("long-lived", (await longLived.request.get("/api/v4/account")).data.id);
  const stranger = new Client({ domain: asked.domain, auth: { ...keys, bearer: "nobodys-token" } });
  await tellFailure("wrong token", () => stranger.request.get("/api/v4/account"));
});
