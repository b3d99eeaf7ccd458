// Sign-in at providers that others wrote, unmodified, against `cargo local`: npm's oidc-provider by OpenID Connect, and
// oauth2-mock-server as one of OAuth 2 alone. What a phone's application does there is done by openid-client.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "./pages/tiny.mjs";

const { PEERS_WORK: work, PEERS_API: api, PEERS_ADMIN: admin, PEERS_PASSWORD: password } = process.env;
const require = createRequire(join(work, "node_modules", "x"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { default: Provider } = await load("oidc-provider");
const { OAuth2Server } = await load("oauth2-mock-server");
const jose = await load("jose");
const client = await load("openid-client");

const PORT = 9225;
const ISSUER = `http://127.0.0.1:${PORT}`;
const SIGNED_IN = "http://localhost:3000/signed-in";
const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
const sha256 = (text) => createHash("sha256").update(text).digest();

let checks = 0;
function seen(what) {
  checks += 1;
  console.log(`  ${what}`);
}

async function call(method, path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(api + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, ...(text && JSON.parse(text)) };
}

const { accessToken } = await call("POST", "/v1/auth/login", { email: admin, password });
async function set(name, settings) {
  const put = await call("PUT", `/v1/providers/${name}`, settings, accessToken);
  assert.ok([200, 201].includes(put.status), JSON.stringify(put));
  return put.callbackUrl;
}

// An unmodified oidc-provider that signs with these keys, the first of each kind.
async function provider(keys, clients) {
  const peer = new Provider(ISSUER, {
    jwks: { keys },
    clients,
    pkce: { required: () => true },
    scopes: ["openid", "email", "profile"],
    claims: { email: ["email", "email_verified"], profile: ["given_name", "family_name", "locale"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.org`,
        email_verified: true,
        given_name: "Ada",
        family_name: "Lovelace",
        locale: "de-AT",
      }),
    }),
  });
  const server = await new Promise((resolve) => {
    const server = peer.listen(PORT, "127.0.0.1", () => resolve(server));
  });
  return () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}

async function key(alg, kid) {
  const options = { extractable: true, ...(alg === "EdDSA" && { crv: "Ed25519" }) };
  const { privateKey } = await jose.generateKeyPair(alg, options);
  return { ...(await jose.exportJWK(privateKey)), kid, alg, use: "sig" };
}

// Walks through the pages of oidc-provider: says who it is, and agrees. Ends where it sends the browser back.
async function atProvider(browser, url, login) {
  let page = await browser.open(url);
  for (let hops = 0; hops < 12; hops += 1) {
    if (page.next && !page.next.startsWith(ISSUER)) return page.next;
    if (page.next) page = await browser.open(page.next);
    else if (page.text.includes('name="prompt" value="login"')) {
      page = await browser.open(action(page), { prompt: "login", login, password: "any" });
    } else if (page.text.includes('name="prompt" value="consent"')) {
      page = await browser.open(action(page), { prompt: "consent" });
    } else return page;
  }
  throw new Error("it goes round and round");
}

const action = (page) => /action="([^"]+)"/.exec(page.text)[1];

// Begins to sign in: a browser on its way, and what the application keeps.
async function begin(name) {
  const browser = new Browser();
  const codeVerifier = base64url(randomBytes(32));
  const query = new URLSearchParams({ redirectTo: SIGNED_IN, codeChallenge: base64url(sha256(codeVerifier)), state: "kept" });
  const { status, next } = await browser.open(`${api}/v1/auth/oauth/${name}/start?${query}`);
  assert.equal(status, 303);
  return { browser, codeVerifier, url: next };
}

// What the application learns where the browser ends.
async function finish({ codeVerifier }, { status, next, text }) {
  assert.equal(status, 303, text);
  assert.ok(next.startsWith(SIGNED_IN), next);
  const query = new URL(next).searchParams;
  assert.equal(query.get("state"), "kept");
  if (query.has("error")) return { refused: query.get("error_description") };
  return call("POST", "/v1/auth/oauth/exchange", { code: query.get("code"), codeVerifier });
}

// The callback on the machine it runs on, whatever its issuer is called.
const here = (url) => url.replace(/^https?:\/\/[^/]+/, api);

async function signIn(name, login) {
  const sign = await begin(name);
  const back = await atProvider(sign.browser, sign.url, login);
  return finish(sign, await sign.browser.open(here(back)));
}

const stamp = Date.now();

async function openId() {
  const callback = (name) => `${api}/v1/auth/oauth/${name}/callback`;
  const clients = ALGORITHMS.flatMap((alg) => {
    const id = `peer-${alg.toLowerCase()}`;
    const web = { client_id: id, client_secret: "hush", redirect_uris: [callback(id)], id_token_signed_response_alg: alg };
    const phone = { ...web, client_id: `${id}-phone`, redirect_uris: ["http://127.0.0.1:9226/back"] };
    return [web, phone];
  });
  const [old, next] = [await Promise.all(ALGORITHMS.map((alg) => key(alg, `${alg}-1`))), await Promise.all(ALGORITHMS.map((alg) => key(alg, `${alg}-2`)))];
  let close = await provider([...old, ...next], clients);
  for (const alg of ALGORITHMS) {
    const name = `peer-${alg.toLowerCase()}`;
    const settings = { preset: "oidc", clientId: name, clientSecret: "hush", issuer: ISSUER, nativeClientIds: [`${name}-phone`] };
    assert.equal(await set(name, settings), callback(name));
    const login = `${alg.toLowerCase()}-${stamp}`;
    const { status, user, ...rest } = await signIn(name, login);
    assert.equal(status, 200, JSON.stringify(rest));
    assert.equal(user.email, `${login}@example.org`);
    assert.equal(user.emailVerified, true);
    assert.deepEqual([user.firstName, user.lastName, user.locale], ["Ada", "Lovelace", "de"]);
    seen(`oidc-provider signs in by code and PKCE, with ${alg}`);
  }
  const rs256 = "peer-rs256";
  const known = await signIn(rs256, `rs256-${stamp}`);
  // Its identities are of the issuer, whichever client asks: a subject is one account.
  const other = await signIn("peer-es256", `rs256-${stamp}`);
  assert.equal(other.user.id, known.user.id);
  seen("who is known there is known by every client of it");

  const form = await begin(rs256);
  const url = new URL(form.url);
  url.searchParams.set("response_mode", "form_post");
  const page = await atProvider(form.browser, url.href, `form-${stamp}`);
  const fields = [...page.text.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  const posted = await finish(form, await form.browser.open(here(action(page)), fields));
  assert.equal(posted.user.email, `form-${stamp}@example.org`);
  seen("it answers by a form");

  for (const [issuer, what] of [[null, "an answer that does not say who gives it"], ["http://127.0.0.1:1", "an answer in the name of another"]]) {
    const sign = await begin(rs256);
    const back = new URL(await atProvider(sign.browser, sign.url, `mix-${stamp}`));
    assert.equal(back.searchParams.get("iss"), ISSUER);
    back.searchParams.delete("iss");
    if (issuer) back.searchParams.set("iss", issuer);
    const { refused } = await finish(sign, await sign.browser.open(here(back.href)));
    assert.equal(refused, "provider_failed");
    seen(`${what} is refused`);
  }

  const injected = await begin(rs256);
  const stolen = await begin(rs256);
  const theirs = new URL(await atProvider(stolen.browser, stolen.url, `victim-${stamp}`));
  const mine = new URL(await atProvider(injected.browser, injected.url, `thief-${stamp}`));
  mine.searchParams.set("code", theirs.searchParams.get("code"));
  const { refused } = await finish(injected, await injected.browser.open(here(mine.href)));
  assert.equal(refused, "provider_failed");
  seen("a code of another's is refused, by oidc-provider itself");

  await phone("peer-es256-phone", "peer-es256", "ES256-1");

  await close();
  close = await provider([...next, ...old], clients);
  for (const alg of ALGORITHMS) {
    const { status } = await signIn(`peer-${alg.toLowerCase()}`, `${alg.toLowerCase()}-${stamp}`);
    assert.equal(status, 200);
  }
  await phone("peer-es256-phone", "peer-es256", "ES256-2");
  seen("it signs with its next keys");
  await close();
}

// An application on a phone: openid-client gets the token, with the hash of the nonce that is kept.
async function phone(clientId, name, kid) {
  const login = `phone-${kid}-${stamp}`.toLowerCase();
  const options = { execute: [client.allowInsecureRequests] };
  const config = await client.discovery(new URL(ISSUER), clientId, { client_secret: "hush", id_token_signed_response_alg: "ES256" }, undefined, options);
  const get = async (kept) => {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const nonce = sha256(kept).toString("hex");
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: "http://127.0.0.1:9226/back",
      scope: "openid email profile",
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    });
    const back = await atProvider(new Browser(), url.href, login);
    const tokens = await client.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier, expectedNonce: nonce });
    return tokens.id_token;
  };
  const nonce = base64url(randomBytes(24));
  const body = { idToken: await get(nonce), nonce };
  assert.equal(jose.decodeProtectedHeader(body.idToken).kid, kid);
  const path = `/v1/auth/oauth/${name}/id-token`;
  // Its address, oidc-provider tells at userinfo alone.
  const stranger = await call("POST", path, body);
  assert.deepEqual([stranger.status, stranger.code], [403, "identity_refused"]);
  const known = await signIn(name, login);
  const answer = await call("POST", path, body);
  assert.equal(answer.status, 200, JSON.stringify(answer));
  assert.equal(answer.user.id, known.user.id);
  const again = await call("POST", path, body);
  assert.deepEqual([again.status, again.code], [401, "challenge_expired"]);
  const elsewhere = await call("POST", "/v1/auth/oauth/peer-rs256/id-token", { ...body });
  assert.deepEqual([elsewhere.status, elsewhere.code], [401, "invalid_id_token"]);
  seen("openid-client's ID token signs in an application of its own, once, and is for no other client");
}

// One that knows nothing of OpenID Connect, as it is set up here: who it is, userinfo says.
async function oauth2() {
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256");
  await server.start(9227, "127.0.0.1");
  const base = "http://127.0.0.1:9227";
  let told = { id: 4711, login: "ada", contact: { mail: `oauth2-${stamp}@example.org`, checked: true } };
  server.service.on("beforeUserinfo", (userinfo) => Object.assign(userinfo, { body: told, statusCode: 200 }));
  const settings = {
    preset: "oauth2",
    title: "Forge",
    clientId: "latchkey",
    clientSecret: "hush",
    authorizationEndpoint: `${base}/authorize`,
    tokenEndpoint: `${base}/token`,
    userinfoEndpoint: `${base}/userinfo`,
    scope: "user",
    fields: { subject: "id", email: "contact.mail", emailVerified: "contact.checked", firstName: "login" },
  };
  await set("forge", settings);
  const visit = async () => {
    const sign = await begin("forge");
    const { next } = await sign.browser.open(sign.url);
    return finish(sign, await sign.browser.open(here(next)));
  };
  const first = await visit();
  assert.equal(first.status, 200, JSON.stringify(first));
  assert.deepEqual([first.user.email, first.user.emailVerified, first.user.firstName], [`oauth2-${stamp}@example.org`, true, "ada"]);
  seen("oauth2-mock-server signs in by OAuth 2, with a number for a subject");
  told = { ...told, contact: { mail: "another@example.org", checked: true } };
  const next = await visit();
  assert.deepEqual([next.user.id, next.user.email], [first.user.id, first.user.email]);
  seen("another address there changes nothing here");
  told = { login: "nobody" };
  assert.equal((await visit()).refused, "provider_failed");
  seen("who has no subject is nobody");
  await server.stop();
}

console.log("providers of others:");
await openId();
await oauth2();
console.log(`${checks} things seen at providers of others`);
process.exit();
