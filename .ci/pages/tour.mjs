// Every page in a language, and what it says when it refuses.
import assert from "node:assert/strict";
import * as steps from "./steps.mjs";
import { address, invite, letter, link } from "./site.mjs";
import { App } from "./app.mjs";
import { Visitor } from "./visitor.mjs";

export async function tour(lang) {
  const visitor = await Visitor.open({ lang });
  await strangers(visitor, lang);
  await invitation(visitor, lang);
  await byMail(visitor, lang);
  await owner(visitor, lang);
  await visitor.close();
  await switches(lang);
}

// What anybody may open.
async function strangers(visitor, lang) {
  await visitor.go("/sign-in");
  await visitor.check("sign-in", "/sign-in");
  await visitor.force("/sign-in", { email: "nobody", password: "" });
  await visitor.check("sign-in-refused", "/sign-in", { refused: true });
  await visitor.go("/sign-up");
  await visitor.check("sign-up", "/sign-up");
  await visitor.force("/sign-up", { email: "nobody", password: "short", firstName: "a".repeat(101) });
  await visitor.check("sign-up-refused", "/sign-up", { wrong: ["email", "password", "firstName"] });
  const byAddress = { forgot: "/forgot-password", resend: "/verify-email/resend", code: "/sign-in/code" };
  for (const [name, path] of Object.entries(byAddress)) {
    await visitor.go(path);
    await visitor.check(name, path);
    await visitor.force(path, { email: "nobody" });
    await visitor.check(`${name}-refused`, path, { wrong: ["email"] });
    await visitor.submit(path, { email: address(`nobody-${lang}`) });
    await visitor.check(`${name}-sent`, path === "/sign-in/code" ? path : "/check-mail");
  }
  await visitor.submit("/sign-in/code", { code: "000000" }, steps.has("code"));
  await visitor.check("code-wrong", "/sign-in/code", { refused: true });
  for (const path of ["/verify-email", "/reset-password"]) {
    await visitor.go(`${path}?token=lkat_nonsense`);
    await visitor.submit(path, { password: steps.PASSWORD });
    await visitor.check(`${path.slice(1)}-wrong-link`, path, { refused: true });
  }
  for (const path of ["/", "/account", "/account/factors/totp", "/account/delete", "/account/confirm"]) {
    await visitor.go(path);
    assert.equal(visitor.path, "/sign-in", `${path} is for who is signed in`);
  }
  await visitor.check("not-signed-in", "/sign-in");
}

async function invitation(visitor, lang) {
  const email = address(`invited-${lang}`);
  await invite(email, lang);
  await visitor.follow(await link(email, "invitation", "/accept-invitation"));
  await visitor.check("invitation", "/accept-invitation");
  await visitor.submit("/accept-invitation", { password: "short" });
  await visitor.check("invitation-refused", "/accept-invitation", { wrong: ["password"] });
  await visitor.submit("/accept-invitation", { password: steps.PASSWORD });
  await visitor.check("invitation-accepted", ["/account", "/sign-in"], { said: true });
  if (visitor.path === "/sign-in") await steps.signIn(visitor, { email, password: steps.PASSWORD });
  await steps.signOut(visitor);
}

// An account without a password, made by the provider, signs in with a code and with the link beside it.
async function byMail(visitor, lang) {
  const email = address(`nameless-${lang}`);
  await steps.byProvider(visitor, email, { name: "leave" });
  await visitor.check("account-without-password", "/account");
  await visitor.submit("/account/identities/unlink");
  await visitor.check("last-way-in-stays", "/account", { refused: true });
  await steps.signOut(visitor);
  await visitor.go("/sign-in/code");
  await visitor.submit("/sign-in/code", { email });
  await visitor.check("code-enter", "/sign-in/code");
  const [code] = (await letter(email, "sign_in_code")).text.match(/^\d{6}$/m);
  await visitor.submit("/sign-in/code", { code }, steps.has("code"));
  await visitor.check("by-code", "/account");
  await steps.signOut(visitor);
  await visitor.go("/sign-in/code");
  await visitor.submit("/sign-in/code", { email });
  await visitor.follow(await link(email, "sign_in_code", "/sign-in"));
  await visitor.check("code-link", "/sign-in/code");
  await visitor.submit("/sign-in/code");
  await visitor.check("by-code-link", "/account");
  await steps.signOut(visitor);
}

async function owner(visitor, lang) {
  const person = await steps.signUp(visitor, address(`owner-${lang}`), { firstName: "Ada", lastName: "Lovelace" });
  await visitor.check("signed-up", steps.START);
  await steps.verify(visitor, person);
  await visitor.check("verified", ["/account", "/sign-in"], { said: true });
  if (visitor.path === "/sign-in") await steps.signIn(visitor, person);
  await visitor.go("/account/factors/totp");
  await visitor.check("set-up", "/account/factors/totp");
  await visitor.submit("/account/factors/totp", { code: "12" });
  await visitor.check("set-up-refused", "/account/factors/totp", { refused: true });
  person.app = new App(await steps.secret(visitor));
  await visitor.submit("/account/factors/totp", { code: await person.app.code() });
  await steps.codes(visitor, "recovery-codes");
  await visitor.usePasskey("/account/passkeys");
  await visitor.check("account", "/account", { said: true });

  await steps.signOut(visitor);
  await visitor.check("signed-out", "/sign-in", { said: true });
  await steps.password(visitor, person);
  await visitor.check("factor", "/sign-in/factor");
  await visitor.submit("/sign-in/factor", { totp: "000000" }, steps.has("totp"));
  await visitor.check("factor-refused", "/sign-in/factor", { refused: true });
  await visitor.submit("/sign-in/factor", { totp: await person.app.code(), rememberDevice: true }, steps.has("totp"));
  await visitor.go("/account/confirm");
  await visitor.check("confirm", "/account/confirm");
  await visitor.submit("/account/confirm", { totp: "000000" }, steps.has("totp"));
  await visitor.check("confirm-refused", "/account/confirm", { refused: true });
  await steps.proving(visitor, person, () => visitor.go("/account/delete"));
  await visitor.check("delete", "/account/delete");
  await letters(visitor, person, lang);
}

// What the letters of an account lead to, up to its end.
async function letters(visitor, person, lang) {
  const email = address(`fresh-${lang}`);
  await steps.proving(visitor, person, async () => {
    await visitor.go("/account");
    await visitor.submit("/account/email", { email });
  });
  await visitor.follow(await link(email, "confirm_email_change", "/confirm-email-change"));
  await visitor.check("confirm-email-change", "/confirm-email-change");
  await visitor.go("/account");
  await steps.signOut(visitor);
  await visitor.go("/forgot-password");
  await visitor.submit("/forgot-password", { email: person.email });
  await visitor.follow(await link(person.email, "reset_password", "/reset-password"));
  await visitor.check("reset", "/reset-password");
  await visitor.submit("/reset-password", { password: "short" });
  await visitor.check("reset-refused", "/reset-password", { wrong: ["password"] });
  await steps.signIn(visitor, person);
  await steps.proving(visitor, person, () => visitor.go("/account/delete"));
  await visitor.submit("/account/delete");
  await visitor.check("goodbye", "/goodbye");
}

// Another language than the browser's, by the links at the end of every page. It stays.
async function switches(lang) {
  const visitor = await Visitor.open({ lang });
  for (const other of ["de", "es", "en"]) {
    await visitor.go("/sign-in");
    await visitor.click(`footer a[hreflang="${other}"]`);
    visitor.lang = other;
    await visitor.check(`${lang}-to-${other}`, "/sign-in");
    await visitor.click('a[href^="/forgot-password"]');
    await visitor.check(`${lang}-to-${other}-next`, "/forgot-password");
  }
  await visitor.close();
}
