// A deletion can be taken back for as long as nothing was sent: the press starts the seconds, and only their end sends it.
// Undo, Escape, another page and a closed tab send nothing.

let stop = null;

const fits = (field) => {
  const [typed, expected] = [field.value.trim(), field.dataset.expected];
  return typed.toLowerCase() === expected.toLowerCase() || typed.toUpperCase() === expected.toUpperCase();
};

// What was typed wrong goes at once, and the console says so. So does what is sent after signing in: it was counted down.
document.addEventListener("htmx:confirm", (event) => {
  const { elt: form, triggeringEvent, issueRequest } = event.detail;
  if (!form.matches("form[data-countdown]") || !triggeringEvent) return;
  if (![...form.querySelectorAll("[data-expected]")].every(fits)) return;
  event.preventDefault();
  if (stop) return;
  const words = form.querySelector(".countdown");
  words.replaceChildren(form.querySelector("template").content.cloneNode(true));
  words.querySelector("[data-undo]").focus();
  let left = Number(form.dataset.countdown);
  const timer = setInterval(() => {
    left -= 1;
    words.querySelector("progress").value += 1;
    if (left > 0) return;
    stop();
    issueRequest(true);
  }, 1000);
  stop = (said = "") => {
    clearInterval(timer);
    stop = null;
    words.textContent = said;
    form.querySelector(".buttons button").focus();
  };
}, true);

const undo = () => stop?.(document.querySelector(".countdown").dataset.kept);
document.addEventListener("click", ({ target }) => target.closest("[data-undo]") && undo());
document.addEventListener("keydown", ({ key }) => key === "Escape" && undo());
// Leaving begins before the next page has come, and on a phone there is only the end of it.
for (const kind of ["beforeunload", "pagehide"]) window.addEventListener(kind, undo);
