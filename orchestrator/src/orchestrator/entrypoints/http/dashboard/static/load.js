// Parts that the page fetches for itself, so that nobody waits for them: <li data-load="/address">.
export async function loadParts(root) {
  for (const part of root.querySelectorAll("[data-load]")) {
    const waiting = part.querySelector("[data-loading]");
    const before = waiting?.textContent;
    if (waiting) waiting.textContent = waiting.dataset.loading;
    try {
      const answer = await fetch(part.dataset.load, { headers: { Accept: "text/html" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = document.createElement("template");
      fresh.innerHTML = await answer.text();
      part.replaceWith(fresh.content);
    } catch {
      if (waiting) waiting.textContent = before; // the link beside it asks again
    }
  }
}
