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

// "Copy" beside every address and snippet; what came of it is said aloud as well.
for (const field of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  const said = document.createElement("span");
  const what = document.createElement("span");
  button.type = "button";
  button.className = "copy";
  what.className = "unseen";
  what.textContent = ` ${field.dataset.copy}`;
  said.setAttribute("role", "status");
  const say = (word) => (said.textContent = word);
  button.append("Copy", what);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value ?? field.href);
      say("Copied");
    } catch {
      say("The browser did not let us copy");
    }
    setTimeout(say, 4000, "");
  });
  field.after(button, said);
}

// A link to what is folded unfolds it.
const unfold = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
window.addEventListener("hashchange", unfold);
unfold();
