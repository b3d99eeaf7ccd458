// What people do again and again.
import assert from "node:assert/strict";
import { App } from "./app.mjs";
import { inbox, link } from "./site.mjs";

export const START = ["/account", "/check-mail", "/sign-in"];
export const PASSWORD = "correct horse battery";
export const has = (name) => `:has([name="${name}"])`;

export async function signUp(visitor, email, fields = {}) {
  await visitor.go("/sign-up");
  await visitor.submit("/sign-up", { email, password: PASSWORD, ...fields });
  return { email, password: PASSWORD };
}

// The link of the letter of a new account. Who is not signed in proves with the password whose address it is.
export async function verify(visitor, person) {
  await visitor.follow(await link(person.email, "verify_email", "/verify-email"));
  const asked = await visitor.count('form[action="/verify-email"] [name="password"]');
  await visitor.submit("/verify-email", asked ? { password: person.password } : {});
}

// Up to where a second factor is asked for, or into the account.
export async function password(visitor, { email, password }) {
  await visitor.go("/sign-in");
  await visitor.submit("/sign-in", { email, password });
}

export async function signIn(visitor, person) {
  await password(visitor, person);
  await pass(visitor, person);
}

// Shows the second factor, where it is asked for.
export async function pass(visitor, { app }) {
  const isAsked = await visitor.count('[action="/sign-in/factor"] [name="totp"]');
  if (isAsked) await visitor.submit("/sign-in/factor", { totp: await app.code() }, has("totp"));
  assert.equal(visitor.path, "/account", "signed in");
}

export const scope = (name) => `:has([name="scope"][value="${name}"])`;

export const signOut = (visitor) => visitor.submit("/account/sign-out", {}, scope("session"));

// Does what may take a recent proof: gives it where it is asked for, and does it again.
export async function proving(visitor, person, act) {
  await act();
  if (visitor.path !== "/account/confirm") return;
  await prove(visitor, person);
  await act();
  assert.notEqual(visitor.path, "/account/confirm", "the proof counts");
}

// With the app, else with the passkey, else with the password.
export async function prove(visitor, { app, password }) {
  const form = 'form[action="/account/confirm"]';
  if (await visitor.count(`${form} [name="totp"]`)) {
    return visitor.submit("/account/confirm", { totp: await app.code() }, has("totp"));
  }
  if (await visitor.count(`${form}[data-passkey]`)) return visitor.usePasskey("/account/confirm");
  return visitor.submit("/account/confirm", { password }, has("password"));
}

export async function secret(visitor) {
  return (await visitor.text(".secret")).replace(/\s/g, "");
}

export async function addApp(visitor, person) {
  await visitor.go("/account");
  await visitor.click('a[href="/account/factors/totp"]');
  person.app = new App(await secret(visitor));
  await visitor.submit("/account/factors/totp", { code: await person.app.code() });
}

// Recovery codes are shown this once.
export async function codes(visitor, name) {
  await visitor.check(name, "/account/factors/codes");
  const shown = await visitor.page.locator("ul.codes li").allTextContents();
  assert.equal(new Set(shown).size, 10, "ten codes");
  await visitor.go("/account/factors/codes");
  assert.equal(await visitor.count("ul.codes"), 0, "the codes are shown once");
  await visitor.go("/account");
  return shown;
}

// Over the page in between, which goes on by itself. To look at it (`name`), the provider has nothing to show at first:
// the browser stays, and goes on by the link.
export async function leaves(visitor, act, name) {
  const pages = `${inbox}/provider/**`;
  if (name) {
    await visitor.page.route(pages, (route) => route.fulfill({ status: 204 }));
    await visitor.leads(act);
    await visitor.check(name, "/sign-in/provider");
    await visitor.page.unroute(pages);
    act = () => visitor.page.locator("main a.button").click();
  }
  await Promise.all([visitor.page.waitForURL(pages), act()]);
}

export async function atProvider(visitor, email, answer = "sign-in") {
  await visitor.page.fill("#email", email);
  await visitor.click(`button[value="${answer}"]`);
}

export const PROVIDER = 'a[href^="/sign-in/provider?provider=local"]';
export const LINK = ':has([name="provider"][value="local"])';

export async function byProvider(visitor, email, { name, answer } = {}) {
  await visitor.go("/sign-in");
  await leaves(visitor, () => visitor.page.locator(PROVIDER).click(), name);
  await atProvider(visitor, email, answer);
}
