// Comfort only: the page is complete without it.
"use strict";

// Menus take effect at once on wide screens; fields left empty stay out of the address.
const form = document.querySelector("form.filters");
if (form) {
  const leaveOutEmpty = () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  };
  form.addEventListener("submit", leaveOutEmpty);
  // Where the form is folded, a page that leaves at each choice would have to be unfolded for the next.
  const folds = () => document.querySelector(".pick > .fold").offsetParent !== null;
  form.addEventListener("change", (event) => {
    if (event.target.matches("select") && event.isTrusted && !form.dataset.keyboard && !folds()) form.requestSubmit();
  });
  // Who walks a menu by keyboard chooses with the button: a page that leaves at each arrow key cannot be used.
  form.addEventListener("keydown", () => (form.dataset.keyboard = "yes"));
  form.addEventListener("pointerdown", () => delete form.dataset.keyboard);
  window.addEventListener("pageshow", () => {
    for (const field of form.elements) field.disabled = false;
  });
}

// "Copy" beside every address and snippet.
for (const field of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${field.dataset.copy}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value ?? field.href);
    button.textContent = "Copied";
  });
  field.after(button);
}
