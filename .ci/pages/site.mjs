// Where the pages are, the browser they are opened in, the letters that arrive, and what was seen.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { launch } from "./chromium.mjs";

export const { PAGES_URL: base, PAGES_INBOX: inbox, PAGES_WORK: work } = process.env;
const { PAGES_ADMIN: admin, PAGES_PASSWORD: adminPassword } = process.env;
export const require = createRequire(join(work, "node_modules", "x"));
export const browser = await launch(require("playwright-core"));

export let checks = 0;
export function seen(what) {
  checks += 1;
  console.log(`  ${what}`);
}

const stamp = Date.now();
export const address = (name) => `${name}-${stamp}@example.com`;

// A site of somebody else: a letter with a link, a page that frames ours, and a form that goes to ours.
const FOREIGN = {
  "/letter": (to) => `<a href="${to}">Open</a>`,
  "/frame": (to) => `<iframe src="${to}" width="600" height="600"></iframe>`,
  "/form": (to) => `<form method="post" action="${to}"><input name="firstName" value="Eve"><button>Go</button></form>`,
};
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
export const visits = []; // Headers of the requests that it got.
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://elsewhere");
  const page = FOREIGN[pathname];
  if (!page) return response.writeHead(204).end();
  visits.push(request.headers);
  response.writeHead(200, { "content-type": "text/html" });
  response.end(`<!doctype html><title>Elsewhere</title>${page(escaped(searchParams.get("to") ?? ""))}`);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const elsewhere = `http://127.0.0.1:${server.address().port}`;
export const foreign = (page, to) => `${elsewhere}${page}?to=${encodeURIComponent(to)}`;

export async function end() {
  await browser.close();
  server.close();
}

export const letters = async (to) => {
  const all = await (await fetch(`${inbox}/messages`)).json();
  return all.filter((letter) => letter.to === to);
};
const read = new Map();

// The next letter of this kind to an address.
export async function letter(to, kind) {
  const key = `${kind} ${to}`;
  const before = read.get(key) ?? 0;
  for (let tries = 0; tries < 300; tries += 1) {
    const found = (await letters(to)).filter((one) => one.tags["latchkey-letter"] === kind);
    if (found.length > before) {
      read.set(key, before + 1);
      return found[before];
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no letter ${kind} came to ${to}`);
}

// The link of a letter, which leads to the page of this path or one below it.
export async function link(to, kind, path) {
  const { text } = await letter(to, kind);
  const [found] = text.match(/https?:\/\/[^\s<>]+token=[\w.~%-]+/) ?? [];
  const [page, token] = (found ?? "").split("?");
  assert.ok(page.startsWith(base + path) && token?.startsWith("token="), `${kind} leads to ${page}`);
  return found;
}

async function call(path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

// An account that an admin makes, whose owner gets an invitation.
export async function invite(email, locale) {
  const { accessToken } = await call("/v1/auth/login", { email: admin, password: adminPassword });
  await call("/v1/users", { email, role: "user", locale }, accessToken);
}
