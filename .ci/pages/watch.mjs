// What the network and the console say of a page: headers, addresses, referrers, errors.
import assert from "node:assert/strict";
import { base, require } from "./site.mjs";

const { CspEvaluator } = require("csp_evaluator");
const { CspParser } = require("csp_evaluator/dist/parser.js");
const { Severity } = require("csp_evaluator/dist/finding.js");

const PAGE = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};
const ASSET = { "cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff" };
const UUID = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gi;
const TOKEN = /\blk[a-z]+_|[\w-]{32}/;

// No token stands in the address: nothing of ours, and nothing long that could be one. Ids are none.
export function assertClean(url, about) {
  assert.ok(!TOKEN.test(url.replace(UUID, "")), `${about}: ${url.replace(/[\w-]{12,}/g, "…")}`);
}

const isOurs = (url) => url === base || url.startsWith(`${base}/`);
const judged = new Set();

// A policy is good where the evaluator finds nothing that is worse than what depends on what 'self' serves.
function assertPolicy(policy) {
  assert.ok(policy, "there is a content security policy");
  if (judged.has(policy)) return;
  judged.add(policy);
  const findings = new CspEvaluator(new CspParser(policy).csp).evaluate();
  const told = findings.map((found) => `${Severity[found.severity]} ${found.directive}: ${found.description}`);
  console.log(`  policy: ${policy}\n${told.map((line) => `    ${line}\n`).join("")}`.trimEnd());
  const bad = findings.filter((found) => found.severity < Severity.MEDIUM_MAYBE);
  assert.deepEqual(bad, [], "csp_evaluator");
  assert.match(policy, /frame-ancestors 'none'/);
}

function assertHeaders(headers, expected, about) {
  for (const [name, value] of Object.entries(expected)) assert.equal(headers[name], value, `${about}: ${name}`);
}

function assertCookie(cookie, about) {
  const [pair, ...attributes] = cookie.split(/; */);
  assert.match(pair, /^__(Host|Secure)-/, about);
  const has = (wanted) => attributes.some((attribute) => attribute.toLowerCase() === wanted);
  assert.ok(has("secure") && has("httponly"), `${about}: ${pair.split("=")[0]} is Secure and HttpOnly`);
  assert.ok(has("samesite=lax") || has("samesite=strict"), `${about}: ${pair.split("=")[0]} is SameSite`);
}

async function assertAnswer(response) {
  const url = response.url();
  const { pathname } = new URL(url);
  const about = `${response.request().method()} ${pathname} ${response.status()}`;
  const headers = await response.allHeaders();
  if (pathname.startsWith("/assets/")) return assertHeaders(headers, ASSET, about);
  const isPage = response.request().isNavigationRequest();
  if (!isPage || pathname.startsWith("/v1/")) return;
  const lines = await response.headersArray();
  for (const { name, value } of lines) if (name.toLowerCase() === "set-cookie") assertCookie(value, about);
  if (response.status() === 303) {
    assert.equal(headers["cache-control"], "no-store", about);
    const next = new URL(headers.location, url).href;
    if (isOurs(next)) assertClean(next, `${about} leads to`);
    return;
  }
  assertHeaders(headers, PAGE, about);
  assertPolicy(headers["content-security-policy"]);
  assertClean(url, `${about} is shown at`);
}

async function assertRequest(request, from) {
  const url = request.url();
  if (!/^https?:/.test(url)) return;
  if (isOurs(from) && !request.isNavigationRequest()) assert.ok(isOurs(url), `${from} loads ${url}`);
  const { referer } = await request.allHeaders();
  if (!referer || !isOurs(referer)) return;
  assert.ok(isOurs(url), `${url} is told of ${referer}`);
  assertClean(referer, "Referer");
}

// Listens to a tab.
export class Watch {
  documents = []; // Answers to the tab itself since the last page was looked at, redirects among them.
  #answers = [];
  #requests = [];
  #problems = [];

  constructor(page) {
    page.on("pageerror", (error) => this.#problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.#problems.push(message.text());
    });
    page.on("response", (response) => {
      this.#requests.push([response.request(), page.url()]);
      if (!isOurs(response.url())) return;
      this.#answers.push(response);
      if (response.request().isNavigationRequest()) this.documents.push(response);
    });
  }

  // Looks at all that came since the last time. The page itself was answered with this status.
  async verify(status) {
    const [answers, requests, problems, documents] = [this.#answers, this.#requests, this.#problems, this.documents];
    [this.#answers, this.#requests, this.#problems, this.documents] = [[], [], [], []];
    const shown = documents.findLast((response) => response.status() !== 303);
    assert.equal(shown?.status(), status);
    for (const response of answers) await assertAnswer(response);
    for (const [request, from] of requests) await assertRequest(request, from);
    // The browser itself says of a page over 399 that it failed.
    const own = `the server responded with a status of ${status}`;
    assert.deepEqual(problems.filter((text) => status < 400 || !text.includes(own)), []);
  }
}
