// Passkeys: the browser signs what the console asks, and the form then sends the signature. Where the browser can't, the
// form stays hidden. A passkey belongs to a name, so there are none at an address that is a number.

const can = window.isSecureContext
  && Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON)
  && !/^[\d.]+$|:/.test(location.hostname);

const offer = (root) => {
  if (!can) return;
  for (const form of root.querySelectorAll("form[data-passkey]")) form.hidden = false;
  for (const words of root.querySelectorAll("[data-no-passkey]")) words.hidden = true;
};
offer(document);
document.addEventListener("htmx:load", ({ detail }) => offer(detail.elt));

const options = async ({ dataset }) => {
  if (dataset.options) return JSON.parse(dataset.options).publicKey;
  const answer = await fetch(dataset.optionsAt, { headers: { Accept: "application/json" } });
  return (await answer.json()).request_options.publicKey;
};

const sign = async (form) => {
  const asked = await options(form);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
};

// Before htmx sees it: the first press asks the browser, and what it signed is then sent as by a second one.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-passkey]");
  const field = form?.querySelector("[data-credential]");
  if (!form || field.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const refused = form.querySelector("[data-refused]");
  refused.textContent = "";
  try {
    field.value = JSON.stringify(await sign(form));
    form.requestSubmit();
  } catch {
    refused.textContent = refused.dataset.refused;
  }
}, true);
