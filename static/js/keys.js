// Single keys: / searches, j and k go through the rows, x ticks one, ? lists the keys. "Your page" switches them off.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const ROWS = ".servers .server, .people .person, .entries .entry__what a";
const PLACES = { KeyJ: "j", KeyK: "k", KeyX: "x", Slash: "/" };
const list = document.getElementById("keys");

// What is written on the key; where that is no Latin letter or sign (Tamil, Hindi, Arabic …), the key at that place.
const pressed = ({ key, code, shiftKey }) => {
  if (key === "Process") return "";
  const sign = /^[!-~]$/.test(key) ? key.toLowerCase() : shiftKey && code === "Slash" ? "?" : PLACES[code];
  return shiftKey && /^[a-z]$/.test(sign) ? "" : sign;
};

const search = () => {
  const field = document.querySelector("#q, [role=search] input[type=search]");
  if (!field) return window.location.assign(list.dataset.search);
  field.focus();
  field.select();
};

const go = (steps) => {
  const links = [...document.querySelectorAll(ROWS)];
  const here = links.findIndex((link) => link.closest("tr, li").contains(document.activeElement));
  const next = links[here < 0 ? 0 : here + steps];
  if (!next) return;
  document.querySelector("details.menu[open]")?.removeAttribute("open");
  next.focus({ preventScroll: true });
  next.closest("tr, li").scrollIntoView({ block: "nearest" });
};

const KEYS = {
  "/": search,
  "?": () => window.htmx.ajax("GET", list.href, "#dialog"),
  j: () => go(1),
  k: () => go(-1),
  x: () => document.activeElement.closest("tr")?.querySelector(".servers__tick input")?.click(),
};

document.addEventListener("keydown", (event) => {
  const act = KEYS[pressed(event)];
  if (!act || !list || document.documentElement.dataset.keys === "off" || event.isComposing) return;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  act();
});
