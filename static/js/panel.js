// What HTML cannot do by itself: dialogs for confirmations, menus that close, copying, and what to say when
// the console itself does not answer. Every page works without.

document.documentElement.classList.add("js");

const dialog = document.getElementById("dialog");
let opener = "";

// A confirmation arrived in the dialog: show it. The focus stands on the way back (autofocus). Where a problem came
// instead, the dialog is empty and the message stands on the page.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target !== dialog || dialog.open || !dialog.hasChildNodes()) return;
  opener = detail.requestConfig.elt.id;
  closeMenus();
  dialog.showModal();
});

// The question was answered, or the server was asked and said no: the message stands on the page below.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (dialog.open && dialog.contains(detail.elt) && detail.requestConfig.verb === "post") dialog.close();
});

// What was pressed can't be taken back: until its answer is there, the way back and Escape do nothing.
const sending = () => dialog.querySelector("form.htmx-request");
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close]")) {
    event.preventDefault();
    if (!sending()) dialog.close();
  }
});
dialog.addEventListener("cancel", (event) => sending() && event.preventDefault());

// The pressed button may have been swapped meanwhile: its successor gets the focus, or the menu it stands in.
dialog.addEventListener("close", () => {
  if (sending()) return dialog.showModal(); // browsers close it at a second Escape, whatever "cancel" said
  const button = document.getElementById(opener);
  const menu = button && !button.checkVisibility() && button.closest("details, [popover]");
  const opened = menu ? menu.querySelector("summary") ?? document.querySelector(`[popovertarget="${menu.id}"]`) : button;
  opened?.focus();
  dialog.replaceChildren();
});

// The poll of the page: every 2 seconds while somebody looks, once a minute in a hidden tab, at once when it is shown
// again or was drawn from what is old. The answer may remove #live: then nobody is signed in any more.
const live = () => document.getElementById("live");
const age = () => document.getElementById("age");
const tick = () => live() && window.htmx.trigger(live(), "tick");
// Not by the time of day: a clock that is set back would hold it up for as long.
let ticked = performance.now();
setInterval(() => {
  if (performance.now() - ticked < (document.hidden ? 60000 : 2000)) return;
  ticked = performance.now();
  tick();
}, 500);
document.addEventListener("visibilitychange", () => document.hidden || tick());
window.addEventListener("load", () => Number(age()?.dataset.seconds) > 15 && tick());

// When VPS.org was asked last, as each answer tells it. Where none comes the age goes on counting.
const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always", numberingSystem: "latn" });
let known;
const drawAge = () => {
  const seconds = Math.max(Math.floor(known.seconds + (performance.now() - known.at) / 1000), 1);
  age().dateTime = new Date(Date.now() - seconds * 1000).toISOString();
  age().textContent = seconds < 60 ? ago.format(-seconds, "second")
    : seconds < 3600 ? ago.format(-Math.floor(seconds / 60), "minute")
    : ago.format(-Math.floor(seconds / 3600), "hour");
};
const knowAge = (seconds) => {
  known = { seconds, at: performance.now(), element: age() };
  drawAge();
};
if (age()) knowAge(Number(age().dataset.seconds));
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const seconds = detail.xhr?.getResponseHeader("Fleet-Age");
  if (seconds && age()) knowAge(Number(seconds));
});
document.addEventListener("tick", () => {
  if (!age()) return;
  if (age() !== known?.element) knowAge(Number(age().dataset.seconds)); // a search brought another one
  // While answers come, the next is a moment away.
  else if (performance.now() - known.at > 3000) drawAge();
});

// A menu that is open stays open when its buttons come anew.
document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  if (target.querySelector("details.menu[open]")) fragment.querySelector("details.menu")?.setAttribute("open", "");
});

// Menus: one open at a time, closed by Escape and by a click elsewhere.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
};
document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Escape in a form that stands where its value stood keeps the old one.
document.addEventListener("keydown", (event) => {
  const keep = event.key === "Escape" && !event.isComposing && event.target.closest("form")?.querySelector("[data-keep]");
  if (!keep) return;
  keep.focus(); // the field tells its change now, not when the form is taken away
  keep.click();
});

// Buttons that cannot be pressed stay reachable, so that their reason can be read, and do nothing.
document.addEventListener("click", (event) => {
  if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
}, true);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  // An empty data-copy means the code that stands beside the button.
  await navigator.clipboard.writeText(button.dataset.copy || button.parentElement.querySelector("code").textContent);
  document.getElementById("announce").textContent = button.dataset.copied;
  button.classList.add("copy--done");
  setTimeout(() => button.classList.remove("copy--done"), 1500);
});

// After typing, the choice "another one" is meant.
document.addEventListener("input", (event) => {
  const radio = event.target.closest(".choices__other")?.querySelector("input[type=radio]");
  if (radio && event.target !== radio) radio.checked = true;
});

// Ticked rows: how many, and with Shift all between this one and the last.
let lastTick = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest(".servers__tick input");
  if (!box) return;
  const boxes = [...document.querySelectorAll(".servers__tick input")];
  if (event.shiftKey && boxes.includes(lastTick)) {
    const [from, to] = [boxes.indexOf(lastTick), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
  }
  lastTick = box;
  const count = document.querySelector(".bulk__count");
  count.textContent = count.dataset.words.replace("{n}", boxes.filter((one) => one.checked).length);
});

// The console itself does not answer. What the page asks by itself is quiet about it; a press on a button is not. Where a
// change may be lost, that stays on the page; what says it of a question goes when something is answered again, but not
// before it could be read, and a search is sent once more.
const alerts = document.getElementById("alerts");
let search = null;
for (const kind of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(kind, ({ detail: { elt, requestConfig } }) => {
    if (elt.matches("#live, [data-quiet]")) return;
    const question = requestConfig.verb === "get";
    if (question && elt.matches("form")) search = elt;
    if (question && alerts.querySelector("[data-lost]")) return;
    document.getElementById("messages").replaceChildren();
    alerts.replaceChildren(document.getElementById(question ? "no-answer" : "lost").content.cloneNode(true));
    if (question) alerts.firstElementChild.dataset.until = performance.now() + 4000;
  });
}
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  if (!xhr?.status) return;
  const said = alerts.querySelector("[data-until]");
  if (said) setTimeout(() => said.remove(), said.dataset.until - performance.now());
  const again = elt !== search && search;
  search = null;
  if (again) again.requestSubmit();
});

// htmx keeps the address of the page in sessionStorage, a server's number and the words of a search included, for
// snapshots of pages that are never made here.
const keepNoAddress = () => sessionStorage.removeItem("htmx-current-path-for-history");
keepNoAddress();
for (const kind of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"]) document.addEventListener(kind, keepNoAddress);
