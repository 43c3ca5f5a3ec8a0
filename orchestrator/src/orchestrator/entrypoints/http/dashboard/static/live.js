// Regions that follow what happens: <main data-live-from="/accounts/live"> … <div data-live="account-1">.
// The server sends a region's new HTML; it is taken over node by node, so that focus, open parts and layout stay.
import { morph } from "./morph.js";
import { showLocalTimes } from "./times.js";

export function followRegions(root) {
  const from = root.querySelector("[data-live-from]")?.dataset.liveFrom;
  if (!from) return;
  const lost = root.querySelector("[data-live-lost]");
  let source = null;

  const begin = () => {
    if (source) return;
    source = new EventSource(from);
    source.addEventListener("open", () => lost && (lost.hidden = true));
    source.addEventListener("regions", (event) => take(root, JSON.parse(event.data)));
    source.addEventListener("end", () => stop());
    source.addEventListener("error", () => lost && (lost.hidden = false));
  };
  const stop = () => {
    source?.close();
    source = null;
  };
  // Nobody looks at a hidden page: it asks for nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : begin()));
  window.addEventListener("pagehide", stop);
  if (!document.hidden) begin();
}

function take(root, regions) {
  for (const [name, html] of Object.entries(regions)) {
    const region = root.querySelector(`[data-live="${CSS.escape(name)}"]`);
    if (!region) continue;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    showLocalTimes(fresh.content);
    morph(region, fresh.content);
    region.dispatchEvent(new CustomEvent("live", { bubbles: true }));
  }
}
