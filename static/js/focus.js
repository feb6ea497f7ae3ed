// A swap that takes away what had the focus gives it to what came in its place: the field that is wrong, what stands at
// the same position (cells that a poll brings), or the first that can be pressed. htmx itself keeps it by id.
// A menu of the bar on a phone that was open is opened again.

const PRESSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary";
let place = null;
let popover = null;

const pressable = (element) => [...element.querySelectorAll(PRESSABLE)].filter((one) => one.checkVisibility());
const remember = ({ type, detail: { target } }) => {
  const focused = document.activeElement;
  popover = target.querySelector(":popover-open")?.id ?? popover;
  if (focused === document.body || !target.contains(focused)) return;
  place = { id: target.id, position: type === "htmx:oobBeforeSwap" ? pressable(target).indexOf(focused) : 0 };
};
document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:oobBeforeSwap", remember);

document.addEventListener("htmx:afterSettle", () => {
  const again = document.getElementById(popover);
  if (again?.isConnected && !again.matches(":popover-open")) again.showPopover();
  if (place && document.activeElement === document.body) {
    const successor = document.getElementById(place.id) ?? document.getElementById("main");
    const all = pressable(successor);
    const next = successor.querySelector("[aria-invalid=true]") ?? all[place.position] ?? all[0];
    if (!next) successor.tabIndex = -1;
    (next ?? successor).focus();
  }
  place = popover = null;
});
