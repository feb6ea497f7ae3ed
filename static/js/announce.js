// What a screen reader is told of changes that come by themselves: each once, although a poll may bring a server again
// for another reason, or after the press that was told already. Each state carries its sentence (data-said).

const announce = document.getElementById("announce");
let told = [];

document.addEventListener("htmx:beforeSwap", () => (told = []));
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const { target, fragment } = detail;
  if (target.dataset.said) {
    const { said } = fragment.firstElementChild.dataset;
    if (said && said !== target.dataset.said) told.push(said);
  }
  // A region that says what it said before is left alone.
  if (target.matches("#announce, #news, #outage")) {
    detail.shouldSwap = fragment.textContent.trim() !== target.textContent.trim();
  }
});
document.addEventListener("htmx:afterOnLoad", ({ detail }) => {
  if (detail.elt.id === "live" && told.length) announce.textContent = told.join(" ");
});
