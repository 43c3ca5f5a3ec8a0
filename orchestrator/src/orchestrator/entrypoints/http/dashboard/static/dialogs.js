// A page that asks for confirmation opens over the page it was asked from: <a data-dialog href="/accounts/1/unlink">.
// Its form is sent as it would be from its own page; what goes wrong there is told there.
import { helpForms } from "./forms.js";

export function openDialogs(root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link).catch(() => location.assign(link.href));
  });
}

async function open(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const heading = page.querySelector("main h1");
  const dialog = document.createElement("dialog");
  heading.id = "dialog-heading";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(...page.querySelector("main").children);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  // The way back leads to where we are.
  dialog.addEventListener("click", (event) => {
    const away = event.target.closest("a[href]");
    if (event.target === dialog || (away && new URL(away.href).pathname === location.pathname)) {
      event.preventDefault();
      dialog.close();
    }
  });
  helpForms(dialog);
  dialog.showModal();
}
