// Small help in forms; the server checks everything again.

export function helpForms(root) {
  for (const input of root.querySelectorAll("[data-must-be]")) holdBack(input);
  for (const box of root.querySelectorAll("[data-tick-all]")) tickAll(box);
}

// A destructive button waits until the word is typed.
function holdBack(input) {
  const button = input.form.querySelector("button.danger");
  const look = () => (button.disabled = input.value.trim().toLowerCase() !== input.dataset.mustBe.toLowerCase());
  input.addEventListener("input", look);
  look();
}

function tickAll(box) {
  const others = [...box.form.querySelectorAll('input[type="checkbox"][name]')];
  box.addEventListener("change", () => others.forEach((one) => (one.checked = box.checked)));
}
