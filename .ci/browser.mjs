// Passkeys, codes and other providers as people use them: on the start page, and with @simplewebauthn/browser, unmodified.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const work = process.env.BROWSER_WORK;
const url = process.env.BROWSER_PAGE;
const require = createRequire(join(work, "node_modules", "x"));
const { chromium } = require("playwright-core");
const simplewebauthn = join(work, "node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js");

const profile = mkdtempSync(join(tmpdir(), "latchkey-browser-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
process.on("exit", () => context.browser()?.close());

// A page with an authenticator that is a part of the device and verifies its user.
async function open(script) {
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    // The browser says of every answer over 399 that it failed.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) problems.push(message.text());
  });
  if (script) await page.addInitScript({ content: readFileSync(script, "utf8") });
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const passkeys = async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  await page.goto(url);
  return { page, passkeys, problems };
}

let checks = 0;
function seen(what) {
  checks += 1;
  console.log(`  ${what}`);
}

async function startPage() {
  const { page, passkeys, problems } = await open();
  const email = `browser-${Date.now()}@example.com`;
  await page.getByLabel("Address").fill(email);
  await page.getByLabel("Password").fill("correct horse battery");
  const press = async (name, expected) => {
    await page.getByRole("button", { name, exact: true }).click();
    await page.waitForFunction((text) => document.querySelector("#answer").textContent.startsWith(text), expected, { timeout: 60_000 });
    return page.locator("#answer").textContent();
  };
  await press("Register", "POST /v1/auth/register\n201");
  await press("Sign in", "POST /v1/auth/login\n200");
  const added = await press("Add a passkey", "POST /v1/users/me/passkeys\n201");
  assert.equal(JSON.parse(added.slice(added.indexOf("{"))).recoveryCodes.length, 10);
  const [passkey] = await passkeys();
  assert.equal(passkey.rpId, "localhost");
  assert.equal(passkey.userName, email);
  seen("a passkey is added");
  await page.screenshot({ path: join(work, "added.png"), fullPage: true });

  await page.reload();
  await page.waitForFunction(() => document.querySelector("#answer").textContent.startsWith("POST /v1/auth/passkey\n200"), null, { timeout: 60_000 });
  seen("it signs in as the browser fills in the address");
  await page.screenshot({ path: join(work, "autofill.png"), fullPage: true });

  await press("Sign out", "DELETE /v1/auth/logout\n204");
  const signedIn = await press("Sign in with a passkey", "POST /v1/auth/passkey\n200");
  const { accessToken } = JSON.parse(signedIn.slice(signedIn.indexOf("{")));
  const claims = JSON.parse(Buffer.from(accessToken.split(".")[1], "base64url"));
  assert.deepEqual(claims.amr, ["hwk", "user"]);
  assert.equal(claims.acr, "aal2");
  seen("it signs in by itself");

  await page.getByLabel("Address").fill(email);
  await page.getByLabel("Password").fill("correct horse battery");
  const asked = await press("Sign in", "POST /v1/auth/login\n403");
  assert.match(asked, /"factor_required"/);
  await press("Sign in with a passkey", "POST /v1/auth/continue\n200");
  seen("it is the second factor beside the password");

  await press("Remove the newest passkey", "DELETE /v1/users/me/passkeys/");
  await press("List passkeys", "GET /v1/users/me/passkeys\n200");
  assert.match(await page.locator("#answer").textContent(), /"data": \[\]/);
  await press("Sign out", "DELETE /v1/auth/logout\n204");
  await press("Sign in with a passkey", "POST /v1/auth/passkey\n401");
  assert.match(await page.locator("#answer").textContent(), /"unknown_credential"/);
  seen("it is removed, and signs nobody in any more");
  const signals = await page.evaluate(() => typeof PublicKeyCredential.signalUnknownCredential);
  if (signals === "function") {
    assert.deepEqual(await passkeys(), []);
    seen("and the browser was told to forget it");
  }
  assert.deepEqual(problems, []);
  await page.close();
}

// The code of the newest letter of this kind to an address.
async function mailedCode(page, email, letter) {
  for (let tries = 0; tries < 300; tries += 1) {
    const messages = await page.evaluate(async () => (await fetch("/messages")).json());
    const found = messages.findLast((message) => message.to === email && message.tags["latchkey-letter"] === letter);
    if (found) return found.text.match(/^\d{6}$/m)[0];
    await page.waitForTimeout(100);
  }
  throw new Error(`no letter ${letter} came`);
}

async function withoutPassword() {
  const { page, passkeys, problems } = await open();
  const email = `nameless-${Date.now()}@example.com`;
  const press = async (name, expected) => {
    await page.getByRole("button", { name, exact: true }).click();
    await page.waitForFunction((text) => document.querySelector("#answer").textContent.startsWith(text), expected, { timeout: 60_000 });
    const text = await page.locator("#answer").textContent();
    return JSON.parse(text.slice(text.indexOf("{")));
  };
  await page.getByLabel("Address").fill(email);
  await press("Register with a passkey", "POST /v1/auth/register/passkey/options\n202");
  assert.deepEqual(await passkeys(), [], "none is made before the code is there");
  await page.getByLabel("Code").fill(await mailedCode(page, email, "registration_code"));
  const made = await press("Use the code", "POST /v1/auth/register/passkey\n201");
  assert.equal(made.user.emailVerified, true);
  assert.equal(made.recoveryCodes.length, 10);
  assert.equal((await passkeys())[0].userName, email);
  await page.screenshot({ path: join(work, "registered.png"), fullPage: true });
  seen("an account without a password is made with a passkey and a mailed code");
  await press("Sign in with a passkey", "POST /v1/auth/passkey\n200");
  seen("it signs in with the passkey");

  await press("Mail me a code", "POST /v1/auth/code\n202");
  await page.getByLabel("Code").fill(await mailedCode(page, email, "sign_in_code"));
  const asked = await press("Use the code", "POST /v1/auth/code/verify\n403");
  assert.deepEqual(asked.factors, ["passkey", "recovery_code"]);
  const { accessToken } = await press("Sign in with a passkey", "POST /v1/auth/continue\n200");
  const claims = JSON.parse(Buffer.from(accessToken.split(".")[1], "base64url"));
  assert.deepEqual(claims.amr, ["email", "hwk", "mfa"]);
  seen("and with a code by mail and the passkey beside it");
  assert.deepEqual(problems, []);
  await page.close();
}

// The window of the provider that a button opens: it is filled in, and closes by itself.
async function atProvider(page, name, email, answer = "Sign in") {
  const opened = page.waitForEvent("popup");
  await page.getByRole("button", { name, exact: true }).click();
  const visit = await opened;
  await visit.getByLabel("Address", { exact: true }).fill(email);
  await visit.screenshot({ path: join(work, "provider.png"), fullPage: true });
  const closed = visit.waitForEvent("close", { timeout: 60_000 });
  await visit.getByRole("button", { name: answer, exact: true }).click();
  await closed;
}

async function otherProvider() {
  const { page, problems } = await open();
  const stamp = Date.now();
  const shown = async (expected) => {
    await page.waitForFunction((text) => document.querySelector("#answer").textContent.includes(text), expected, { timeout: 60_000 });
    const text = await page.locator("#answer").textContent();
    return text.includes("{") ? JSON.parse(text.slice(text.indexOf("{"))) : text;
  };
  const press = async (name, expected) => {
    await page.getByRole("button", { name, exact: true }).click();
    return shown(expected);
  };
  await atProvider(page, "Sign in with the local provider", `external-${stamp}@example.org`);
  const { accessToken, user } = await shown("POST /v1/auth/oauth/exchange\n200");
  assert.equal(user.emailVerified, true);
  assert.deepEqual(JSON.parse(Buffer.from(accessToken.split(".")[1], "base64url")).amr, ["fed"]);
  seen("the local provider signs in, with an account that is new");
  await page.screenshot({ path: join(work, "external.png"), fullPage: true });
  const kept = await press("Unlink the newest", "\n409");
  assert.equal(kept.code, "last_way_in");
  seen("the only way in stays");
  await press("Sign out", "DELETE /v1/auth/logout\n204");

  const email = `owner-${stamp}@example.com`;
  await page.getByLabel("Address").fill(email);
  await page.getByLabel("Password").fill("correct horse battery");
  await press("Register", "POST /v1/auth/register\n201");
  await press("Sign in", "POST /v1/auth/login\n200");
  await atProvider(page, "Link the local provider", `other-${stamp}@example.org`);
  await shown("POST /v1/users/me/identities\n201");
  await press("Sign out", "DELETE /v1/auth/logout\n204");
  await atProvider(page, "Sign in with the local provider", `other-${stamp}@example.org`);
  assert.equal((await shown("POST /v1/auth/oauth/exchange\n200")).user.email, email);
  seen("it is linked to an account, and signs in to it");
  await press("Unlink the newest", "DELETE /v1/users/me/identities/");
  await press("List identities", "GET /v1/users/me/identities\n200");
  assert.match(await page.locator("#answer").textContent(), /"data": \[\]/);
  seen("it is unlinked");
  await press("Sign out", "DELETE /v1/auth/logout\n204");

  await atProvider(page, "Sign in with the local provider", email);
  const asked = await shown("POST /v1/auth/oauth/exchange\n409");
  assert.equal(asked.code, "link_required");
  await press("Sign in", "POST /v1/auth/login\n200");
  await press("Link it, now that I am signed in", "POST /v1/users/me/identities\n201");
  seen("an address that has an account is linked by whoever signs in to that");
  await press("Sign out", "DELETE /v1/auth/logout\n204");
  await atProvider(page, "Sign in with the local provider", email, "Cancel");
  assert.match(await shown("access_denied"), /access_denied: identity_refused/);
  seen("whoever does not want to comes back");
  assert.deepEqual(problems, []);
  await page.close();
}

async function unmodifiedClient() {
  const { page, problems } = await open(simplewebauthn);
  const walked = await page.evaluate(async () => {
    const { startRegistration, startAuthentication, browserSupportsWebAuthn } = SimpleWebAuthnBrowser;
    const email = `client-${Date.now()}@example.com`;
    const credentials = { email, password: "correct horse battery" };
    const post = async (path, body, token) => {
      const headers = { "content-type": "application/json" };
      if (token) headers.authorization = `Bearer ${token}`;
      const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: answer.status, ...(await answer.json()) };
    };
    await post("/v1/auth/register", credentials);
    const { accessToken } = await post("/v1/auth/login", credentials);
    const creation = await post("/v1/users/me/passkeys/options", {}, accessToken);
    const credential = await startRegistration({ optionsJSON: creation.options });
    const added = await post("/v1/users/me/passkeys", { ceremony: creation.ceremony, credential, name: "Client" }, accessToken);
    const twice = await post("/v1/users/me/passkeys/options", {}, accessToken);
    const refused = await startRegistration({ optionsJSON: twice.options }).catch((error) => error.name);
    const sign = async (how) => {
      const request = await post("/v1/auth/passkey/options", {});
      const credential = await startAuthentication({ optionsJSON: request.options, ...how });
      return post("/v1/auth/passkey", { ceremony: request.ceremony, credential });
    };
    const alone = await sign({});
    const filled = await sign({ useBrowserAutofill: true });
    const { challenge } = await post("/v1/auth/login", credentials);
    const request = await post("/v1/auth/passkey/options", { challenge });
    const passkey = { ceremony: request.ceremony, credential: await startAuthentication({ optionsJSON: request.options }) };
    const second = await post("/v1/auth/continue", { challenge, passkey });
    return { supported: browserSupportsWebAuthn(), added, refused, alone, filled, second, email };
  });
  assert.equal(walked.supported, true);
  assert.equal(walked.added.status, 201);
  assert.equal(walked.added.name, "Client");
  assert.equal(walked.refused, "InvalidStateError");
  for (const answer of [walked.alone, walked.filled, walked.second]) {
    assert.equal(answer.status, 200);
    assert.equal(answer.user.email, walked.email);
  }
  assert.deepEqual(problems, []);
  seen("@simplewebauthn/browser adds one, signs in by itself, as autofill and beside the password");
  await page.close();
}

try {
  console.log("the start page:");
  await startPage();
  await withoutPassword();
  await otherProvider();
  console.log("a client of others:");
  await unmodifiedClient();
  console.log(`${checks} things seen in Chromium`);
} finally {
  await context.close();
}
