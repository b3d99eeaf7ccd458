// Passkeys: the one thing that these pages need a script for. A form with `data-passkey` asks the path in
// `data-options` what the browser is to do, fills in what it answers, and goes its way as every other form does.

const forms = [...document.querySelectorAll("form[data-passkey]")];
const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;
// The browser offers passkeys as it fills in the address, until something else asks for one.
let offer = null;

// Whether there is an answer to send. Without, the page behind the form says what is wrong.
async function answer(form, how) {
  const asked = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { accept: "application/json" },
  });
  if (!asked.ok || !(asked.headers.get("content-type") || "").includes("json")) return false;
  const { ceremony, options } = await asked.json();
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), ...how })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...how });
  form.elements.ceremony.value = ceremony;
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  return true;
}

function stopOffering() {
  if (offer) offer.abort();
  offer = null;
}

// A ceremony lasts five minutes: another one takes its place before it is over.
async function keepOffering(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const mine = new AbortController();
  offer = mine;
  const again = setTimeout(() => {
    stopOffering();
    keepOffering(form);
  }, 270_000);
  try {
    if (await answer(form, { mediation: "conditional", signal: mine.signal })) form.submit();
  } catch {
    // Nobody asked for it: the form itself is still there.
  } finally {
    clearTimeout(again);
  }
}

async function ask(form) {
  const button = form.querySelector("button");
  const failed = form.querySelector(".error[role=alert]");
  failed.hidden = true;
  button.disabled = true;
  stopOffering();
  try {
    await answer(form, {});
    form.submit();
  } catch {
    failed.hidden = false;
    const conditional = form.hasAttribute("data-conditional");
    if (conditional) keepOffering(form);
  }
  button.disabled = false;
}

if (able) {
  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  }
  for (const note of document.querySelectorAll("[data-no-passkeys]")) note.hidden = true;
  const unknown = document.querySelector("[data-unknown-credential]");
  // The browser forgets what no account has any more.
  if (unknown) PublicKeyCredential.signalUnknownCredential?.(JSON.parse(unknown.dataset.unknownCredential)).catch(() => {});
  const conditional = forms.find((form) => form.hasAttribute("data-conditional"));
  if (conditional) keepOffering(conditional);
}
// A page that comes back from the browser's memory has nothing left of the last ceremony.
addEventListener("pageshow", () => {
  for (const form of forms) form.elements.ceremony.value = form.elements.credential.value = "";
});
