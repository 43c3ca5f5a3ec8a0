// What every page does beyond plain HTML. Without it everything still works.
import { openDialogs } from "./dialogs.js";
import { helpForms } from "./forms.js";
import { followRegions } from "./live.js";
import { loadParts } from "./load.js";
import { showLocalTimes } from "./times.js";

showLocalTimes(document);
helpForms(document);
followRegions(document);
loadParts(document);
openDialogs(document);

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
