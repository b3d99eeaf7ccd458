// The whole life of an account.
import assert from "node:assert/strict";
import * as steps from "./steps.mjs";
import { App } from "./app.mjs";
import { address, link } from "./site.mjs";
import { Visitor } from "./visitor.mjs";

const LONG = "a".repeat(101);

export async function life() {
  const ada = await Visitor.open();
  const person = await arrives(ada);
  await profile(ada);
  await factors(ada, person);
  await trusts(ada, person);
  await passkeys(ada, person);
  await provider(ada, person);
  await everywhere(ada, person);
  await forgets(ada, person);
  await moves(ada, person);
  await leaves(ada, person);
  await ada.close();
}

async function arrives(ada) {
  const email = address("ada");
  await ada.go("/");
  await ada.check("sign-in", "/sign-in");
  await ada.click('a[href^="/sign-up"]');
  await ada.check("sign-up", "/sign-up");
  await ada.submit("/sign-up", { email, password: "short", firstName: "Ada", lastName: "Lovelace" });
  await ada.check("sign-up-refused", "/sign-up", { wrong: ["password"] });
  const kept = await Promise.all(["email", "firstName", "lastName"].map((name) => ada.value(name, "/sign-up")));
  assert.deepEqual(kept, [email, "Ada", "Lovelace"], "what was typed stays");
  assert.equal(await ada.value("password", "/sign-up"), "", "but for the password");
  await ada.submit("/sign-up", { password: steps.PASSWORD });
  await ada.check("signed-up", steps.START);

  const person = { email, password: steps.PASSWORD };
  const letter = await link(email, "verify_email", "/verify-email");
  const stranger = await Visitor.open();
  await stranger.follow(letter);
  await stranger.check("verify-email-with-password", "/verify-email");
  await stranger.submit("/verify-email", { password: "not the password" });
  await stranger.check("verify-email-refused", "/verify-email", { refused: true });
  await stranger.close();
  await ada.follow(letter);
  await ada.check("verify-email", "/verify-email");
  const asked = await ada.count('form[action="/verify-email"] [name="password"]');
  await ada.submit("/verify-email", asked ? { password: person.password } : {});
  await ada.check("verified", ["/account", "/sign-in"], { said: true });

  if (ada.path === "/account") await steps.signOut(ada);
  await ada.go("/sign-in");
  await ada.submit("/sign-in", { email, password: "not the password" });
  await ada.check("sign-in-refused", "/sign-in", { refused: true });
  assert.equal(await ada.value("email", "/sign-in"), email);
  await ada.submit("/sign-in", { password: person.password });
  await ada.check("account", "/account");
  return person;
}

async function profile(ada) {
  await ada.submit("/account/profile", { firstName: LONG });
  await ada.check("profile-refused", "/account", { wrong: ["firstName"] });
  assert.equal(await ada.value("firstName", "/account/profile"), LONG);
  await ada.submit("/account/profile", { firstName: "Augusta Ada" });
  await ada.check("profile-saved", "/account", { said: true });
  await ada.page.reload();
  assert.equal(await ada.value("firstName", "/account/profile"), "Augusta Ada");
  assert.equal(await ada.count(".box"), 0, "it is said once");
  await ada.force("/account/email", { email: "nobody" });
  await ada.check("email-refused", "/account", { wrong: ["email"] });
  await ada.submit("/account/password", { currentPassword: "not the password", newPassword: "another horse battery" });
  await ada.check("password-refused", "/account", { wrong: ["currentPassword"] });
}

// A passkey, which comes with recovery codes, and an app beside it.
async function factors(ada, person) {
  await ada.usePasskey("/account/passkeys", { name: "Laptop" });
  [person.recoveryCode] = await steps.codes(ada, "recovery-codes");
  const [passkey] = await ada.authenticator.credentials();
  assert.equal(passkey.userName, person.email);
  await ada.check("passkey-added", "/account");
  await ada.submit("/account/passkeys/rename", { name: LONG });
  await ada.check("passkey-rename-refused", "/account", { wrong: ["name"] });
  await ada.submit("/account/passkeys/rename", { name: "The laptop" });
  await ada.check("passkey-renamed", "/account", { said: true });

  await ada.click('a[href="/account/factors/totp"]');
  await ada.check("set-up", "/account/factors/totp");
  const secret = await steps.secret(ada);
  await ada.submit("/account/factors/totp", { code: "000000" });
  await ada.check("set-up-refused", "/account/factors/totp", { refused: true });
  assert.equal(await steps.secret(ada), secret, "what was scanned still counts");
  person.app = new App(secret);
  await ada.submit("/account/factors/totp", { code: await person.app.code() });
  await ada.check("app-added", "/account", { said: true });
}

async function trusts(ada, person) {
  await steps.signOut(ada);
  await ada.check("signed-out", "/sign-in", { said: true });
  await steps.password(ada, person);
  await ada.check("factor", "/sign-in/factor");
  await ada.submit("/sign-in/factor", { totp: "000000" }, steps.has("totp"));
  await ada.check("factor-refused", "/sign-in/factor", { refused: true });
  const totp = await person.app.code();
  await ada.submit("/sign-in/factor", { totp, rememberDevice: true }, steps.has("totp"));
  await ada.check("device-trusted", "/account");
  assert.equal(await ada.count('form[action="/account/devices/forget"]'), 1);
  await steps.signOut(ada);
  await steps.password(ada, person);
  await ada.check("by-trusted-device", "/account");

  // The device stands in for the factor at the sign-in alone.
  await ada.submit("/account/factors/codes");
  await ada.check("confirm", "/account/confirm");
  await ada.submit("/account/confirm", { totp: "000000" }, steps.has("totp"));
  await ada.check("confirm-refused", "/account/confirm", { refused: true });
  await ada.usePasskey("/account/confirm");
  await ada.check("confirmed", "/account", { said: true });
  await ada.submit("/account/factors/codes");
  const renewed = await steps.codes(ada, "new-recovery-codes");
  assert.ok(!renewed.includes(person.recoveryCode));
  [person.recoveryCode] = renewed;

  await ada.submit("/account/devices/forget");
  await ada.check("device-forgotten", "/account", { said: true });
}

async function passkeys(ada, person) {
  // Where that ends, passkeys are offered already. An offer that gets no answer is made anew with the page.
  await steps.signOut(ada);
  for (let tries = 0; ada.path !== "/account"; tries += 1) {
    await ada.authenticator.present(true);
    await ada.comes("/account").catch(async (error) => {
      if (tries === 2) throw error;
      await ada.go("/sign-in");
    });
  }
  await ada.authenticator.present(false);
  await ada.check("by-passkey-as-the-address-is-filled-in", "/account");
  await steps.signOut(ada);
  await ada.go("/sign-in");
  await ada.usePasskey("/sign-in/passkey");
  await ada.check("by-passkey", "/account");
  await steps.signOut(ada);
  await steps.password(ada, person);
  await ada.usePasskey("/sign-in/factor");
  await ada.check("by-password-and-passkey", "/account");
}

async function provider(ada, person) {
  await steps.signOut(ada);
  await steps.byProvider(ada, person.email, { name: "leave" });
  await ada.check("link-required", "/sign-in", { refused: true });
  await steps.byProvider(ada, person.email, { answer: "cancel" });
  await ada.check("cancelled", "/sign-in");

  await steps.signIn(ada, person);
  const other = address("ada-elsewhere");
  await steps.leaves(ada, () => ada.form("/account/identities/link", steps.LINK).locator("button").click());
  await steps.atProvider(ada, other);
  await ada.check("linked", "/account", { said: true });
  assert.ok((await ada.text('section[aria-labelledby="identities"]')).includes(other), "it is listed");
  await steps.signOut(ada);
  await steps.byProvider(ada, other);
  await steps.pass(ada, person);
  await ada.check("by-provider", "/account");
  assert.ok((await ada.text(".who")).includes(person.email), "it signs in to the account");
  await steps.proving(ada, person, async () => {
    await ada.go("/account");
    await ada.submit("/account/identities/unlink");
  });
  await ada.check("unlinked", "/account", { said: true });
  assert.ok(!(await ada.text("main")).includes(other), "it is listed no more");
}

// Three browsers: one is signed out by name, one with all others, and all at once.
async function everywhere(ada, person) {
  const phone = await Visitor.open();
  await steps.password(phone, person);
  await phone.submit("/sign-in/factor", { recoveryCode: "aaaa" }, steps.has("recoveryCode"));
  await phone.check("recovery-code-refused", "/sign-in/factor", { refused: true });
  await phone.submit("/sign-in/factor", { recoveryCode: person.recoveryCode }, steps.has("recoveryCode"));
  await phone.check("by-recovery-code", "/account");
  await ada.go("/account");
  await ada.submit("/account/sessions/revoke");
  await ada.check("session-ended", "/account", { said: true });
  const isOut = async (name) => {
    await phone.go("/account");
    await phone.check(name, "/sign-in");
  };
  await isOut("session-over");
  await steps.signIn(phone, person);
  await ada.go("/account");
  await ada.submit("/account/sign-out", {}, steps.scope("others"));
  await ada.check("others-signed-out", "/account", { said: true });
  await isOut("session-over-among-others");
  await steps.signIn(phone, person);
  await ada.submit("/account/sign-out", {}, steps.scope("all"));
  await ada.check("signed-out-everywhere", "/sign-in", { said: true });
  await isOut("session-over-with-all");
  await phone.close();
}

async function forgets(ada, person) {
  await ada.go("/sign-in");
  await ada.click('a[href^="/forgot-password"]');
  await ada.check("forgot", "/forgot-password");
  await ada.submit("/forgot-password", { email: person.email });
  await ada.check("check-mail", "/check-mail");
  const letter = await link(person.email, "reset_password", "/reset-password");
  await ada.follow(letter);
  await ada.check("reset", "/reset-password");
  await ada.submit("/reset-password", { password: "short" });
  await ada.check("reset-refused", "/reset-password", { wrong: ["password"] });
  const old = person.password;
  person.password = "another horse battery";
  await ada.submit("/reset-password", { password: person.password });
  await ada.check("password-reset", "/sign-in", { said: true });
  await steps.password(ada, { ...person, password: old });
  await ada.check("old-password-refused", "/sign-in", { refused: true });
  await steps.signIn(ada, person);
  await ada.check("by-new-password", "/account");

  const late = await Visitor.open();
  await late.follow(letter);
  await late.submit("/reset-password", { password: "a third horse battery" });
  await late.check("reset-link-used", "/reset-password", { refused: true });
  await late.close();
}

async function moves(ada, person) {
  const fresh = address("ada-new");
  await steps.proving(ada, person, async () => {
    await ada.go("/account");
    await ada.submit("/account/email", { email: fresh });
  });
  await ada.check("email-change-requested", "/account", { said: true });
  await ada.follow(await link(fresh, "confirm_email_change", "/confirm-email-change"));
  await ada.check("confirm-email-change", "/confirm-email-change");
  await ada.submit("/confirm-email-change");
  if (ada.path === "/sign-in") await steps.signIn(ada, { ...person, email: fresh });
  await ada.check("email-changed", "/account");
  assert.ok((await ada.text(".who")).includes(fresh));
  person.email = fresh;

  const newPassword = "a fourth horse battery";
  await steps.proving(ada, person, async () => {
    await ada.go("/account");
    await ada.submit("/account/password", { currentPassword: person.password, newPassword });
  });
  await ada.check("password-changed", "/account", { said: true });
  person.password = newPassword;
}

async function leaves(ada, person) {
  for (const what of ["factors", "passkeys"]) {
    await steps.proving(ada, person, async () => {
      await ada.go("/account");
      await ada.submit(`/account/${what}/remove`);
    });
    await ada.check(`${what}-removed`, "/account", { said: true });
    if (what === "factors") person.app = undefined;
  }
  await steps.proving(ada, person, async () => {
    await ada.go("/account");
    await ada.click('a[href="/account/delete"]');
  });
  await ada.check("delete", "/account/delete");
  await ada.submit("/account/delete");
  await ada.check("goodbye", "/goodbye");
  await ada.go("/account");
  await ada.check("gone", "/sign-in");
  await steps.password(ada, person);
  await ada.check("no-account-any-more", "/sign-in", { refused: true });
  await ada.usePasskey("/sign-in/passkey");
  await ada.check("no-passkey-any-more", "/sign-in", { refused: true });
}
