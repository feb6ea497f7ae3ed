// Forms that htmx sends: what is wrong gets the focus; and where nobody is signed in any more, or no key is there, a
// dialog above the page asks for it, and then the form is sent once. What was typed stays where it is all the while.

const dialog = document.getElementById("sign-in");
const main = () => document.getElementById("main");

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target !== main()) return;
  const wrong = target.querySelector(".field--wrong :is(input, select, textarea)") ?? target.querySelector("[role=alert]");
  wrong?.setAttribute("tabindex", wrong.getAttribute("tabindex") ?? "-1");
  wrong?.focus();
});

// While a form with a draft is being sent nothing can be typed into it: its answer would take that away.
for (const kind of ["htmx:beforeSend", "htmx:afterRequest"]) {
  document.addEventListener(kind, ({ detail }) => {
    const { elements } = detail.requestConfig.elt;
    if (elements?.draft) for (const field of elements) field.readOnly = kind === "htmx:beforeSend";
  });
}

// What waits: the request, and all that the page showed. Until its member is back it is in no document.
let held = null;
let focused = null;
const aside = document.createDocumentFragment();

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, requestConfig } = event.detail;
  const first = xhr.getResponseHeader("First-Go-To");
  if (!first) return;
  event.preventDefault();
  if (!dialog) return location.reload(); // this page itself asks for what is missing
  held = requestConfig;
  focused = document.activeElement;
  aside.append(...document.querySelectorAll("#main > :not(.messages)"));
  dialog.showModal();
  window.htmx.ajax("GET", first, { source: dialog, target: "#entry", select: "#entry", swap: "outerHTML" });
});

// The forms of the pages of sign-in and of the key, in the dialog: their answer stays in it.
dialog?.addEventListener("htmx:load", ({ detail }) => {
  for (const form of detail.elt.querySelectorAll("form")) {
    form.setAttribute("hx-post", form.getAttribute("action"));
    window.htmx.process(form);
  }
});

document.addEventListener("signed-in", ({ detail }) => {
  if (!held || detail.member !== dialog.dataset.member) return location.reload();
  document.body.setAttribute("hx-headers", JSON.stringify({ "x-csrftoken": detail.csrf }));
  main().append(aside);
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.value = detail.csrf;
  const { verb, path, elt, formData } = held;
  held = null;
  dialog.close();
  (focused.isConnected ? focused : main().querySelector("a, button, input")).focus();
  if (elt.isConnected) return window.htmx.ajax(verb, path, { source: elt });
  // It was asked in a dialog that is closed by now: the page shows what came of it when it is loaded anew.
  const values = { ...Object.fromEntries(formData), csrfmiddlewaretoken: detail.csrf };
  window.htmx.ajax(verb, path, { source: document.body, values, handler: () => location.reload() });
});

// Closed without signing in: the page as it is for nobody, which is sign-in. The draft brings back what was typed.
dialog?.addEventListener("close", () => held && location.reload());
