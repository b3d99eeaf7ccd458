// What people do with forms that nobody has asked them to: click twice, go back, leave a tab open.
import assert from "node:assert/strict";
import * as steps from "./steps.mjs";
import { address, foreign, letters, seen } from "./site.mjs";
import { Visitor } from "./visitor.mjs";

// Two clicks: both at once, or the second when the first is done and its answer not shown yet.
const TWICE = {
  "at-once": (form, button) => button.dblclick(),
  "late": async (form, button) => {
    await form.evaluate((form) => {
      const body = new URLSearchParams(new FormData(form));
      return fetch(form.action, { method: "POST", body, redirect: "manual" });
    });
    await button.click();
  },
};

async function twice(visitor, action, fields, how) {
  const button = await visitor.fill(action, fields);
  await visitor.leads(() => TWICE[how](visitor.form(action), button));
  await visitor.page.waitForLoadState("networkidle");
}

export async function habits() {
  for (const how of Object.keys(TWICE)) await signsUpTwice(how);
  const visitor = await Visitor.open();
  const person = await steps.signUp(visitor, address("habits"));
  if (visitor.path !== "/account") await steps.signIn(visitor, person);
  for (const how of Object.keys(TWICE)) await savesTwice(visitor, how);
  await back(visitor);
  await tabs(visitor, person);
  await visitor.close();
}

async function signsUpTwice(how) {
  const visitor = await Visitor.open();
  const email = address(`twice-${how}`);
  await visitor.go("/sign-up");
  await twice(visitor, "/sign-up", { email, password: steps.PASSWORD }, how);
  await visitor.check(`sign-up-twice-${how}`, steps.START);
  await visitor.page.waitForTimeout(2000);
  const kinds = (await letters(email)).map((letter) => letter.tags["latchkey-letter"]);
  assert.equal(kinds.filter((kind) => kind === "verify_email").length, 1);
  assert.ok(!kinds.includes("account_exists"));
  seen("one account is made, and one letter sent");
  await visitor.close();
}

async function savesTwice(visitor, how) {
  const version = async () => Number(await visitor.value("version", "/account/profile"));
  const before = await version();
  const firstName = `Ada ${how}`;
  await twice(visitor, "/account/profile", { firstName }, how);
  await visitor.check(`profile-twice-${how}`, "/account");
  assert.equal(await visitor.value("firstName", "/account/profile"), firstName);
  assert.equal(await version(), before + 1);
  seen("the profile is changed once");
}

// Back and reload after a form ask nobody to send it again.
async function back(visitor) {
  const posts = [];
  visitor.page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  visitor.page.on("dialog", (dialog) => posts.push(dialog.message()));
  const isAccount = async (about) => {
    assert.equal(visitor.path, "/account", about);
    assert.equal(await visitor.count("h1"), 1, about);
    assert.ok(await visitor.count('form[action="/account/profile"]'), about);
  };
  await visitor.submit("/account/profile", { lastName: "Lovelace" });
  assert.equal(posts.length, 1);
  for (const [name, move] of [["reload", "reload"], ["back", "goBack"], ["forward", "goForward"]]) {
    await visitor.page[move]();
    await isAccount(name);
  }
  await visitor.submit("/account/profile", { firstName: "a".repeat(101) });
  await visitor.page.goBack();
  await isAccount("back from what was refused");
  assert.equal(posts.length, 2, "no form is sent again");
  await visitor.go("/account");
  await visitor.check("back", "/account");
}

// A form of another tab counts as long as the same person is signed in, whatever was opened meanwhile.
async function tabs(visitor, person) {
  const other = await visitor.tab();
  await other.page.goto(foreign("/letter", new URL("/account", visitor.page.url()).href));
  await other.click("a");
  await visitor.submit("/account/profile", { firstName: "Ada Augusta" });
  await visitor.check("form-of-another-tab", "/account", { said: true });
  await other.go("/account");
  await steps.signOut(other);
  await visitor.submit("/account/profile", { firstName: "Nobody" });
  const status = visitor.path === "/sign-in" ? 200 : 403;
  await visitor.check("form-after-signing-out", ["/sign-in", "/account/profile"], { status });
  await steps.signIn(visitor, person);
  assert.equal(await visitor.value("firstName", "/account/profile"), "Ada Augusta");
  await other.page.close();
}
