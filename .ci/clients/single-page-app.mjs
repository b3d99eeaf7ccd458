// oidc-client-ts in Chromium: docs/samples/single-page-app.html as it is, but for the issuer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { launch } from "../pages/chromium.mjs";
import { assertIs, Person } from "./person.mjs";
import { file, HAS, issuer, register, require, seen } from "./site.mjs";

const PORT = 9232;
const APP = `http://localhost:${PORT}/`;
const GIVEN_BACK = `${APP}given-back`; // The page that gives its tokens back as it signs out.
const EVERYWHERE = `${APP}everywhere`; // The page that signs out at the provider as well.
export const SAMPLE = new URL("../../docs/samples/single-page-app.html", import.meta.url);

const RETURN = "manager.revokeTokens().then(() => manager.removeUser())";

function sample() {
  const html = readFileSync(SAMPLE, "utf8");
  assert.ok(html.trimEnd().split("\n").length <= 30, "the sample has 30 lines at most");
  assert.ok(html.includes('"http://localhost:9000"'));
  return html.replace("http://localhost:9000", issuer);
}

function serve() {
  const script = (path) => ["text/javascript", readFileSync(file(path))];
  const files = {
    "/": ["text/html", sample()],
    "/given-back": ["text/html", sample().replace("manager.removeUser()", RETURN)],
    "/everywhere": ["text/html", sample().replace("manager.removeUser()", "manager.signoutRedirect()")],
    "/oidc-client-ts.js": script("oidc-client-ts/dist/esm/oidc-client-ts.js"),
    "/jwt-decode.js": script("jwt-decode/build/esm/index.js"),
  };
  const server = createServer((request, response) => {
    const [type, body] = files[new URL(request.url, APP).pathname] ?? [];
    response.writeHead(body ? 200 : 204, { "content-type": type ?? "text/plain" }).end(body);
  });
  return new Promise((resolve) => server.listen(PORT, "localhost", () => resolve(server)));
}

// What the page says, once it is what is waited for.
async function says(page, expected) {
  const shown = page.locator("#who");
  for (let tries = 0; tries < 100; tries += 1) {
    const text = page.url().startsWith(APP) && (await shown.textContent().catch(() => ""));
    if (text) {
      const said = JSON.parse(text);
      if (expected(said)) return said;
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`the page at ${page.url()} says ${await shown.textContent().catch(() => "nothing")}`);
}

const isSomebody = (said) => typeof said.sub === "string";
const click = (page, selector) => page.locator(selector).click();

async function signIn(page, { email, password }) {
  await page.locator('form[action="/sign-in"] [name="email"]').fill(email);
  await page.locator('form[action="/sign-in"] [name="password"]').fill(password);
  await click(page, 'form[action="/sign-in"] button');
}

export async function singlePage() {
  const pages = [APP, GIVEN_BACK, EVERYWHERE];
  await register("single-page-app", { redirectUris: pages, postLogoutRedirectUris: pages });
  const server = await serve();
  const browser = await launch(require("playwright-core"));
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  try {
    await walk(page);
  } catch (error) {
    throw new Error(`${error.message}; the console: ${problems.join(" | ") || "nothing"}`, { cause: error });
  } finally {
    await browser.close();
    server.close();
  }
  assert.deepEqual(problems, []);
  seen("has no error in the console");
}

async function walk(page) {
  const person = await Person.create();
  const decide = (decision) => click(page, `form[action="/consent"] button[name="decision"][value="${decision}"]`);
  await page.goto(APP);
  await says(page, (said) => said === "nobody");
  await click(page, "#sign-in");
  await signIn(page, person);
  await decide("deny");
  await says(page, (said) => said === "the visitor has not agreed");
  seen("is told when somebody says no");

  await click(page, "#sign-in");
  await decide("allow");
  const first = await says(page, isSomebody);
  assertIs(person, first);
  assert.equal(page.url(), APP);
  seen("signs in by discovery, code, PKCE and state, and reads userinfo");

  await page.waitForTimeout(1100); // So that what is renewed ends at another second.
  await click(page, "#renew");
  await says(page, ({ sub, expires_at: end }) => sub === person.id && end > first.expires_at);
  await page.reload();
  await says(page, ({ sub }) => sub === person.id);
  seen("renews by its refresh token, and is still signed in after a reload");

  await click(page, "#sign-out");
  await says(page, (said) => said === "nobody");
  await click(page, "#sign-in");
  await says(page, ({ sub }) => sub === person.id);
  seen("signs out, and in again without a page");
  if (HAS.revocation) await giveBack(page, person);
  if (HAS.endSession) await signOutThere(page);
}

// Each token by a request of a script of another origin.
async function giveBack(page, person) {
  const tokens = [];
  page.on("request", (request) => {
    const [scheme, token] = (request.headers().authorization ?? "").split(" ");
    if (scheme === "Bearer" && request.url() === `${issuer}/oauth2/userinfo`) tokens.push(token);
  });
  const answers = [];
  page.on("response", (response) => {
    if (response.url() === `${issuer}/oauth2/revoke`) answers.push(response.status());
  });
  await page.goto(GIVEN_BACK);
  const isTold = (response) => response.url() === `${issuer}/oauth2/userinfo` && response.status() === 200;
  await Promise.all([page.waitForResponse(isTold), click(page, "#sign-in")]);
  await says(page, ({ sub }) => sub === person.id);
  const userinfo = async (token) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${issuer}/oauth2/userinfo`, { headers })).status;
  };
  assert.ok(tokens.length > 0, "it has read userinfo");
  assert.equal(await userinfo(tokens.at(-1)), 200);
  await click(page, "#sign-out");
  await says(page, (said) => said === "nobody");
  assert.deepEqual(answers, [200, 200]);
  assert.equal(await userinfo(tokens.at(-1)), 401);
  seen("gives its tokens back (revocation)");
}

// As the sample says in its comment.
async function signOutThere(page) {
  await page.goto(EVERYWHERE);
  await click(page, "#sign-in");
  await says(page, isSomebody);
  await Promise.all([page.waitForEvent("load"), click(page, "#sign-out")]);
  const agree = page.locator('button[name="decision"][value="allow"]');
  await agree.or(page.locator("#who")).first().waitFor();
  if (await agree.count()) await agree.click();
  await says(page, (said) => said === "nobody");
  await click(page, "#sign-in");
  await page.waitForURL((url) => url.origin === issuer && url.pathname === "/sign-in");
  seen("signs out at the provider");
}
