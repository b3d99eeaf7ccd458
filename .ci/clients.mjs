// Clients that others wrote, unmodified, sign people in at the OpenID provider of `cargo local`. The person is a
// browser without a window, for the single-page application Chromium. Writes docs/clients.md; with --check compares it.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { handler } from "./clients/auth-js.mjs";
import { write } from "./clients/document.mjs";
import { later, native } from "./clients/native.mjs";
import { calls } from "./clients/oauth4webapi.mjs";
import { server, stranger } from "./clients/openid-client.mjs";
import { strategy } from "./clients/passport.mjs";
import { singlePage } from "./clients/single-page-app.mjs";
import { checks, done, version } from "./clients/site.mjs";

const CLIENTS = [
  { packages: ["openid-client"], kind: "application of your own, on a server", run: server },
  { packages: ["openid-client"], kind: "application of somebody else, without a secret", run: stranger },
  {
    title: "openid-client/passport", packages: ["openid-client", "passport", "express"],
    kind: "application of express", run: strategy,
  },
  { packages: ["oauth4webapi"], kind: "code on a server, without a framework", run: calls },
  { title: "Auth.js (@auth/core)", packages: ["@auth/core"], kind: "application of Next.js and others", run: handler },
  { packages: ["oidc-client-ts"], kind: "single-page application, in Chromium", run: singlePage },
  { packages: ["openid-client"], kind: "application on a desk, by a loopback address", run: native },
  ...later,
];
const DOCUMENT = new URL("../docs/clients.md", import.meta.url);

const words = process.argv.slice(2);
const isCheck = words[0] === "--check";
const only = isCheck ? [] : words;
const rows = [];
for (const client of CLIENTS) {
  const { title = client.packages[0], packages, kind, run } = client;
  if (only.length && !only.some((word) => `${title}, ${kind}`.includes(word))) continue;
  console.log(`${title}, ${kind}:`);
  await run();
  const versions = packages.map((name) => (name === packages[0] ? version(name) : `${name} ${version(name)}`));
  rows.push({ title, versions: versions.join(", "), kind, done: done.splice(0) });
}
console.log(`${checks} things seen at clients of others`);
if (!only.length) {
  const document = write(rows);
  if (isCheck) {
    const found = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, "utf8") : "";
    assert.equal(found, document, "docs/clients.md is not of this run: node .ci/clients.mjs writes it");
  } else writeFileSync(DOCUMENT, document);
}
process.exit();
