// What is typed into a form that has a draft is kept by the console, half a second after the last key.

const keeper = document.getElementById("drafts");
const waiting = new Map();
const underWay = new Map();

// What can't be kept now stays in the form all the same, and a post keeps it as well.
const keep = (form) => {
  forget(form);
  const body = new URLSearchParams(new FormData(form));
  const signal = AbortSignal.timeout(3000);
  underWay.set(form, fetch(keeper.action, { method: "POST", body, keepalive: true, signal }).catch(() => {}));
};

const forget = (form) => {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
};

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, ({ target }) => {
    const form = target.form;
    if (!keeper || !form?.elements.draft) return;
    forget(form);
    waiting.set(form, setTimeout(keep, 500, form));
  });
}

// Leaving the page: at once.
window.addEventListener("beforeunload", () => waiting.forEach((_, form) => keep(form)));

// A form that is being sent, or left by "Keep the old name", is not a draft any more: nothing is kept behind its back,
// and what is just being kept arrives before that does.
document.addEventListener("htmx:confirm", (event) => {
  const { elt } = event.detail;
  const form = elt.matches("[data-keep]") ? elt.closest("form") : elt;
  forget(form);
  if (event.defaultPrevented || !underWay.has(form)) return;
  event.preventDefault();
  underWay.get(form).then(() => event.detail.issueRequest(true));
  underWay.delete(form);
});
