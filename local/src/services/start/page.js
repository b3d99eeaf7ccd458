"use strict";

// The window in which somebody was at a provider: what it came back with is for the page that opened it.
const cameBack = new URLSearchParams(location.search);
if (window.opener && (cameBack.has("code") || cameBack.has("error"))) {
  window.opener.postMessage(location.search, location.origin);
  window.close();
}

const form = document.querySelector("form");
const session = document.querySelector("#session");
const output = document.querySelector("#answer");
// In memory alone: a page that is loaded again is signed out.
let tokens = null;
// What a sign-in has proved that lacks a second factor.
let challenge = null;
// What goes with the code that was mailed last.
let mailed = null;
// What links an identity to the account that has its address.
let linkToken = null;
// The browser offers passkeys as it fills in the address, until something else asks for one or the ceremony is over.
let autofill = null;

function credentials() {
  return { email: form.elements.email.value, password: form.elements.password.value };
}

function keep(found) {
  tokens = found;
  session.hidden = !found;
}

// One call of the API: shown as it goes and as it is answered.
async function call(method, path, body, isShown = true) {
  const shown = `${method} ${path}`;
  const show = (text) => {
    if (isShown) output.textContent = `${shown}\n${text}`;
  };
  show("…");
  const headers = {};
  if (body) headers["content-type"] = "application/json";
  if (tokens && path.startsWith("/v1/users/") || path === "/v1/auth/logout") headers.authorization = `Bearer ${tokens.accessToken}`;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  const isJson = (answer.headers.get("content-type") || "").includes("json");
  const found = isJson ? JSON.parse(text) : text;
  show(`${answer.status} ${answer.statusText}\n\n${isJson ? JSON.stringify(found, null, 2) : text}`);
  challenge = found.code === "factor_required" ? found.challenge : null;
  if (found.code === "link_required") linkToken = found.linkToken;
  if (answer.ok && found.accessToken) keep(found);
  if (found.unknownCredential && PublicKeyCredential.signalUnknownCredential) {
    await PublicKeyCredential.signalUnknownCredential(found.unknownCredential);
  }
  return answer.ok ? found : null;
}

// What a passkey answers: to be sent on as it is.
async function assertion(asked, how, isShown = true) {
  const started = await call("POST", "/v1/auth/passkey/options", asked, isShown);
  if (!started) return null;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(started.options);
  const credential = await navigator.credentials.get({ publicKey, ...how });
  return { ceremony: started.ceremony, credential: credential.toJSON() };
}

async function offerPasskeys() {
  // They belong to the name of this page, and not to its address.
  if (tokens || challenge || location.hostname !== "localhost" || !window.PublicKeyCredential?.isConditionalMediationAvailable) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable())) return;
  const offer = new AbortController();
  autofill = offer;
  // A ceremony lasts five minutes: another one takes its place before it is over.
  const again = setTimeout(() => {
    offer.abort();
    offerAgain();
  }, 270_000);
  try {
    const how = { mediation: "conditional", signal: offer.signal };
    const answered = await assertion({}, how, false);
    if (answered) await call("POST", "/v1/auth/passkey", answered);
  } finally {
    clearTimeout(again);
  }
}

function offerAgain() {
  offerPasskeys().catch((error) => {
    if (error.name !== "AbortError") output.textContent += `\n${error.name}: ${error.message}`;
  });
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// A sign-in at the local provider, in a window of its own: what it was sent back with, and what that is spent with.
async function visitProvider() {
  const codeVerifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
  const codeChallenge = base64url(new Uint8Array(digest));
  const query = new URLSearchParams({ redirectTo: `${location.origin}/`, codeChallenge });
  const url = `${document.querySelector("main").dataset.api}/v1/auth/oauth/local/start?${query}`;
  output.textContent = `A window of the provider is open:\n${url}`;
  const visit = window.open(url, "_blank", "popup,width=480,height=640");
  const back = await new Promise((resolve) => {
    const listen = (message) => {
      if (message.origin !== location.origin || message.source !== visit) return;
      removeEventListener("message", listen);
      resolve(new URLSearchParams(message.data));
    };
    addEventListener("message", listen);
  });
  if (!back.has("code")) throw new Error(`${back.get("error")}: ${back.get("error_description")}`);
  return { code: back.get("code"), codeVerifier };
}

const calls = {
  register: () => call("POST", "/v1/auth/register", credentials()),
  login: () => call("POST", "/v1/auth/login", credentials()),
  async passkey() {
    // Beside the password, where that was not enough; by itself otherwise.
    const asked = challenge;
    const answered = await assertion(asked ? { challenge: asked } : {}, {});
    if (!answered) return;
    if (asked) await call("POST", "/v1/auth/continue", { challenge: asked, passkey: answered });
    else await call("POST", "/v1/auth/passkey", answered);
  },
  async registerPasskey() {
    mailed = await call("POST", "/v1/auth/register/passkey/options", { email: form.elements.email.value });
  },
  async mailCode() {
    mailed = await call("POST", "/v1/auth/code", { email: form.elements.email.value });
  },
  async useCode() {
    const body = { challenge: mailed && mailed.challenge, code: form.elements.code.value };
    if (!mailed || !mailed.options) return call("POST", "/v1/auth/code/verify", body);
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(mailed.options);
    const credential = await navigator.credentials.create({ publicKey });
    return call("POST", "/v1/auth/register/passkey", { ...body, credential: credential.toJSON() });
  },
  async external() {
    const body = await visitProvider();
    if (tokens) await call("POST", "/v1/users/me/identities", body);
    else await call("POST", "/v1/auth/oauth/exchange", body);
  },
  linkAfterwards: () => call("POST", "/v1/users/me/identities", { linkToken }),
  identities: () => call("GET", "/v1/users/me/identities"),
  async unlink() {
    const found = await call("GET", "/v1/users/me/identities");
    const last = found && found.data.at(-1);
    if (last) await call("DELETE", `/v1/users/me/identities/${last.id}`);
  },
  profile: () => call("GET", "/v1/users/me"),
  refresh: () => call("POST", "/v1/auth/refresh", { refreshToken: tokens.refreshToken }),
  async logout() {
    if ((await call("DELETE", "/v1/auth/logout")) !== null) keep(null);
  },
  async addPasskey() {
    const started = await call("POST", "/v1/users/me/passkeys/options");
    if (!started) return;
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(started.options);
    const credential = await navigator.credentials.create({ publicKey });
    const body = { ceremony: started.ceremony, credential: credential.toJSON() };
    await call("POST", "/v1/users/me/passkeys", body);
  },
  passkeys: () => call("GET", "/v1/users/me/passkeys"),
  async removePasskey() {
    const found = await call("GET", "/v1/users/me/passkeys");
    const last = found && found.data.at(-1);
    if (last) await call("DELETE", `/v1/users/me/passkeys/${last.id}`);
  },
};

// Letters take a moment.
function lookIntoInbox() {
  const inbox = document.querySelector("iframe").contentWindow.location;
  if (inbox.pathname === "/inbox") inbox.reload();
}

async function busily(name) {
  const buttons = document.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  if (autofill) autofill.abort();
  autofill = null;
  try {
    await calls[name]();
  } catch (error) {
    output.textContent += `\n${error.name}: ${error.message}`;
  }
  for (const button of buttons) button.disabled = false;
  for (const delay of [1000, 4000]) setTimeout(lookIntoInbox, delay);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busily(event.submitter ? event.submitter.value : "login");
});
for (const button of document.querySelectorAll("button[type=button]")) {
  button.addEventListener("click", () => busily(button.value));
}
offerAgain();
