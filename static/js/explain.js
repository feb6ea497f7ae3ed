// The reason of a button that cannot be pressed goes away on Escape, until the button is reached once more.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const off of document.querySelectorAll(".off:is(:hover, :focus-within)")) off.classList.add("off--closed");
});
for (const kind of ["focusout", "pointerout"]) {
  document.addEventListener(kind, ({ target, relatedTarget }) => {
    const off = target.closest(".off");
    if (off && !off.contains(relatedTarget)) off.classList.remove("off--closed");
  });
}
