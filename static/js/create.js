// The form of a new server: a suggested name is taken over by one press, and can be changed at once. What is checked and
// summed up follows by itself.

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-fill]");
  if (!button) return;
  const field = document.getElementById(button.dataset.fill);
  field.value = button.value;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// After Back the browser chooses again what was chosen, without a word of it.
window.addEventListener("pageshow", () => {
  const form = document.getElementById("summary")?.closest("form");
  const chosen = form && [...form.elements].some(({ checked, defaultChecked }) => checked !== defaultChecked);
  if (chosen) form.dispatchEvent(new Event("input"));
});
