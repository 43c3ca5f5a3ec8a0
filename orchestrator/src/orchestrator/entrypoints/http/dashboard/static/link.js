// The link wizard, live: the key is tried when it is pasted, the preview follows the choices, a filter grows.
import { loadParts } from "./load.js";
import { morph } from "./morph.js";
import { showLocalTimes } from "./times.js";

const PAUSE = 350; // milliseconds without a key before the preview is asked for again

begin();

function begin() {
  const main = document.querySelector("main");
  liveKey(main.querySelector("form.live-key"));
  livePreview(main.querySelector("form.with-preview"));
  liveFilter(main.querySelector("form.rules"));
}

// The key ------------------------------------------------------------------------------------------------------------

function liveKey(form) {
  if (!form) return;
  const input = form.elements.api_key;
  const told = form.querySelector("[data-checking]");
  let tried = "";
  const check = async () => {
    const key = input.value.trim();
    if (key.length < 8 || key === tried) return;
    tried = key;
    told.textContent = told.dataset.checking;
    const page = await asked(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (page && input.value.trim() === key) takeOver(page);
  };
  input.addEventListener("input", (event) => event.inputType?.startsWith("insertFromPaste") && check());
  input.addEventListener("change", check);
  check(); // what was pasted before this script was there
}

// What another page of the wizard holds becomes this one, as if it had been gone to.
function takeOver({ html, url }) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const main = document.querySelector("main");
  main.innerHTML = next.querySelector("main").innerHTML;
  document.title = next.title;
  history.replaceState(null, "", url);
  showLocalTimes(main);
  loadParts(main);
  begin();
  (main.querySelector("[role=alert]") ? main.querySelector("[autofocus]") : main)?.focus();
}

// The preview --------------------------------------------------------------------------------------------------------

function livePreview(form) {
  if (!form) return;
  const place = form.querySelector("[data-preview-from]");
  const existing = new Set([...form.querySelectorAll("#unisender-fields option")].map((one) => one.value.toLowerCase()));
  let timer, running;
  const show = async () => {
    running?.abort();
    running = new AbortController();
    place.setAttribute("aria-busy", "true");
    const body = new URLSearchParams(new FormData(form));
    const page = await asked(place.dataset.previewFrom, { method: "POST", body, signal: running.signal });
    if (!page) return;
    const fresh = document.createElement("template");
    fresh.innerHTML = page.html;
    morph(place, fresh.content); // whoever is opened to look at stays open
    place.removeAttribute("aria-busy");
  };
  form.addEventListener("input", (event) => {
    if (event.target.classList.contains("to")) {
      const mark = event.target.closest("tr").querySelector(".is-new");
      mark.textContent = existing.has(event.target.value.toLowerCase()) ? mark.dataset.exists : mark.dataset.new;
    }
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  });
  show();
}

// The filter ---------------------------------------------------------------------------------------------------------

function liveFilter(form) {
  if (!form) return;
  form.addEventListener("change", (event) => {
    const condition = event.target.closest(".condition");
    if (!condition) return;
    if (event.target.classList.contains("kind")) condition.dataset.kind = event.target.value;
    if (event.target.classList.contains("operator")) condition.dataset.operator = event.target.value;
    form.querySelector("[name=whose][value=some]").checked = true;
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (!button) return;
    event.preventDefault();
    const all = [...form.querySelectorAll(".condition")];
    form.querySelector("[name=whose][value=some]").checked = true;
    if (button.value === "add") add(all.at(-1));
    else if (all.length > 1) {
      const gone = button.closest(".condition");
      const near = gone.nextElementSibling?.matches(".condition") ? gone.nextElementSibling : gone.previousElementSibling;
      gone.remove();
      near.querySelector("select")?.focus();
    } else clear(all[0]);
  });
}

function add(last) {
  const fresh = last.cloneNode(true);
  const number = Number(last.querySelector("[name=condition]").value);
  fresh.querySelector("[name=condition]").value = number + 1;
  for (const one of fresh.querySelectorAll("[name$='_" + number + "'], [value='remove_" + number + "']")) {
    if (one.name.endsWith("_" + number)) one.name = one.name.replace(/\d+$/, number + 1);
    if (one.value === "remove_" + number) one.value = "remove_" + (number + 1);
  }
  clear(fresh);
  last.after(fresh);
  fresh.querySelector("select").focus();
}

function clear(condition) {
  for (const one of condition.querySelectorAll("input[name^=value_], select[name^=field_], [name^=user_]")) one.value = "";
  condition.querySelector("[name^=not_]").checked = false;
  condition.querySelector(".kind").value = condition.dataset.kind; // a copy forgets what was chosen
  condition.querySelector(".operator").value = condition.dataset.operator;
}

// Asks for a page or a part of one; whoever is signed out meanwhile is led to the door.
async function asked(url, how) {
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, ...how });
    if (answer.status === 401 || new URL(answer.url).pathname === "/sign-in") {
      location.reload();
      return null;
    }
    return { html: await answer.text(), url: answer.url };
  } catch (error) {
    if (error.name === "AbortError") return null;
    const lost = document.querySelector("[data-live-lost]");
    if (lost) lost.hidden = false;
    setTimeout(() => lost && (lost.hidden = true), 6000);
    return null;
  }
}
