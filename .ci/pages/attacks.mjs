// What other sites try in the browser of somebody who is signed in, and what it costs to open the first page.
import assert from "node:assert/strict";
import * as steps from "./steps.mjs";
import { address, base, browser, foreign, seen, visits } from "./site.mjs";
import { Visitor } from "./visitor.mjs";

const BUDGET = 30 * 1024;

export async function attacks() {
  const visitor = await Visitor.open();
  const person = await steps.signUp(visitor, address("victim"), { firstName: "Ada" });
  if (visitor.path !== "/account") await steps.signIn(visitor, person);
  await framed(visitor);
  await posted(visitor);
  await told(visitor, person);
  await visitor.close();
}

async function framed({ context }) {
  for (const path of ["/sign-in", "/account", "/account/delete"]) {
    const page = await context.newPage();
    const refusals = [];
    page.on("console", (message) => refusals.push(message.text()));
    await page.goto(foreign("/frame", base + path));
    const frame = page.frames().find((frame) => frame !== page.mainFrame());
    assert.ok(!(await frame.locator("form").count()), `${path} is in a frame`);
    assert.ok(refusals.some((text) => text.includes("frame-ancestors")), `the browser says why ${path} is not`);
    await page.close();
  }
  seen("no page is framed");
}

// The browser sends no cookie with it, and says where it comes from.
async function posted(visitor) {
  for (const path of ["/account/profile", "/account/delete", "/sign-in"]) {
    await visitor.page.goto(foreign("/form", base + path));
    await visitor.leads(() => visitor.page.locator("button").click());
    await visitor.check(`cross-site${path.replaceAll("/", "-")}`, path, { status: 403 });
  }
  await visitor.go("/account");
  assert.equal(await visitor.value("firstName", "/account/profile"), "Ada");
  // With all cookies, and without the token.
  const field = () => visitor.form("/account/profile").locator('[name="formToken"]');
  await field().evaluate((field) => field.remove());
  await visitor.submit("/account/profile", { firstName: "Mallory" });
  await visitor.check("without-form-token", "/account/profile", { status: 403 });
  // With the token of another browser.
  const other = await Visitor.open();
  await other.go("/sign-in");
  const token = await other.value("formToken", "/sign-in");
  await other.close();
  await visitor.go("/account");
  await field().evaluate((field, token) => { field.value = token; }, token);
  await visitor.submit("/account/profile", { firstName: "Mallory" });
  await visitor.check("foreign-form-token", "/account/profile", { status: 403 });
  await visitor.go("/account");
  assert.equal(await visitor.value("firstName", "/account/profile"), "Ada");
  seen("a form of another site changes nothing");
}

// Another site that is linked to from a page with a token learns nothing of it.
async function told(visitor, person) {
  await steps.signOut(visitor);
  await visitor.go("/sign-in");
  await visitor.go("/reset-password?token=lkat_nonsense");
  visits.length = 0;
  await visitor.leads(() => visitor.page.evaluate((url) => {
    const link = Object.assign(document.createElement("a"), { href: url, textContent: "Elsewhere" });
    document.querySelector("main").append(link);
    link.click();
  }, foreign("/letter", base)));
  assert.deepEqual(visits.map(({ referer }) => referer), [undefined]);
  assert.equal(await visitor.page.evaluate(() => document.referrer), "");
  seen("another site is told nothing of where a visitor comes from");
  await visitor.go("/sign-in");
  await steps.signIn(visitor, person);
}

// All that the first visit loads, as it comes over the wire.
export async function weight() {
  const context = await browser.newContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  const urls = new Map();
  const sizes = new Map();
  devtools.on("Network.responseReceived", ({ requestId, response }) => urls.set(requestId, response.url));
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await page.goto(`${base}/sign-in`, { waitUntil: "networkidle" });
  const loaded = [...sizes].filter(([id]) => urls.get(id)?.startsWith(base));
  for (const [id, size] of loaded) console.log(`    ${size} bytes: ${new URL(urls.get(id)).pathname}`);
  const all = loaded.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(loaded.length >= 3, "the page and its styles are counted");
  assert.ok(all <= BUDGET, `the sign-in page weighs ${all} bytes`);
  seen(`the sign-in page weighs ${all} bytes`);
  await context.close();
}
