// Where the provider is, the libraries as npm has them, the applications that an admin registers, and what was seen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const { CLIENTS_WORK: work, CLIENTS_API: issuer, CLIENTS_INBOX: inbox } = process.env;
const { CLIENTS_ADMIN: admin, CLIENTS_PASSWORD: adminPassword } = process.env;

// What the provider has. What it has not yet, no client is asked to do.
export const HAS = {
  stepUp: true, // max_age and acr_values
  clientCredentials: false,
  deviceCode: false,
  introspection: true,
  revocation: true,
  endSession: false,
  par: false,
};

export const require = createRequire(join(work, "node_modules", "x"));
export const load = (name) => import(pathToFileURL(require.resolve(name)));
export const file = (path) => join(work, "node_modules", path);
export const version = (name) => JSON.parse(readFileSync(file(`${name}/package.json`), "utf8")).version;

export const done = []; // What the client that is at work has done.
export let checks = 0;
export function seen(what) {
  checks += 1;
  done.push(what);
  console.log(`  ${what}`);
}

export async function call(method, path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(issuer + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
}

export async function accessToken(email, password) {
  const { accessToken } = await call("POST", "/v1/auth/login", { email, password });
  return accessToken;
}

export const SCOPES = ["openid", "profile", "email", "offline_access"];

// Registers an application. One that keeps a secret gets another when it has been registered before.
export async function register(id, settings) {
  const token = await accessToken(admin, adminPassword);
  const body = {
    name: id, redirectUris: [], postLogoutRedirectUris: [], confidential: false, firstParty: false, scopes: SCOPES,
    ...settings,
  };
  const put = (body) => call("PUT", `/v1/clients/${id}`, body, token);
  const { clientSecret: first } = await put(body);
  if (!body.confidential || first) return { id, secret: first };
  const { clientSecret: secret } = await put({ ...body, rotateSecret: true });
  assert.ok(secret, `${id} has a secret`);
  return { id, secret };
}

// What goes wrong, where something has to.
export async function failure(promise) {
  const error = await promise.then(() => undefined, (error) => error);
  assert.ok(error, "it is refused");
  return error;
}
