// Without script: all but passkeys.
import assert from "node:assert/strict";
import * as steps from "./steps.mjs";
import { address } from "./site.mjs";
import { Visitor } from "./visitor.mjs";

export async function plain() {
  const visitor = await Visitor.open({ script: false });
  const person = await steps.signUp(visitor, address("plain"));
  await visitor.check("plain-signed-up", steps.START);
  await steps.verify(visitor, person);
  if (visitor.path === "/account") await steps.signOut(visitor);
  await steps.password(visitor, { ...person, password: "not the password" });
  await visitor.check("plain-sign-in-refused", "/sign-in", { refused: true });
  assert.equal(await visitor.page.locator("form[data-passkey]:visible").count(), 0, "no button that does nothing");
  await steps.password(visitor, person);
  await visitor.check("plain-account", "/account");
  assert.ok(await visitor.page.locator("[data-no-passkeys]").first().isVisible(), "why there are no passkeys is said");

  await visitor.submit("/account/profile", { firstName: "Grace" });
  await visitor.check("plain-profile-saved", "/account", { said: true });
  assert.equal(await visitor.value("firstName", "/account/profile"), "Grace");
  const changed = "another horse battery";
  await visitor.submit("/account/password", { currentPassword: person.password, newPassword: changed });
  await visitor.check("plain-password-changed", "/account", { said: true });
  person.password = changed;

  await steps.addApp(visitor, person);
  await steps.codes(visitor, "plain-recovery-codes");
  await steps.signOut(visitor);
  await visitor.check("plain-signed-out", "/sign-in", { said: true });
  await steps.password(visitor, person);
  await visitor.check("plain-factor", "/sign-in/factor");
  await steps.pass(visitor, person);
  await visitor.check("plain-by-factor", "/account");
  await steps.signOut(visitor);
  await visitor.go("/account");
  assert.equal(visitor.path, "/sign-in", "signed out");
  await visitor.close();
}
