// openid-client in an application on a server, and what that does besides once the provider has it.
import assert from "node:assert/strict";
import { assertIs, Person, SIGN_IN, CONSENT } from "./person.mjs";
import { failure, HAS, issuer, load, register, SCOPES, seen } from "./site.mjs";

export const oidc = await load("openid-client");

// The provider as it describes itself. ID tokens are checked against its keys, too.
export async function discover(id, authentication, metadata) {
  const options = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] };
  const config = await oidc.discovery(new URL(issuer), id, metadata, authentication, options);
  assert.equal(config.serverMetadata().issuer, issuer);
  assert.ok(config.serverMetadata().supportsPKCE(), "S256 is among code_challenge_methods_supported");
  return config;
}

// Code and PKCE, up to where the provider sends the browser back.
async function ask(config, person, { end, allow, push, ...parameters }) {
  const checks = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  };
  const build = push ? oidc.buildAuthorizationUrlWithPAR : oidc.buildAuthorizationUrl;
  const url = await build(config, {
    redirect_uri: end,
    scope: SCOPES.join(" "),
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    ...parameters,
  });
  const visit = await person.visit(url.href, { end, allow });
  assert.ok(visit.url.startsWith(`${end}?`), `it ends at ${visit.url}, not at ${end}: ${visit.page.text}`);
  return { url, checks, back: new URL(visit.url), asked: visit.asked };
}

// The same, and the code for tokens.
export async function signIn(config, person, parameters) {
  const { url, checks, back, asked } = await ask(config, person, parameters);
  const maxAge = parameters.max_age && Number(parameters.max_age);
  const tokens = await oidc.authorizationCodeGrant(config, back, { ...checks, maxAge });
  return { url, back, asked, tokens, claims: tokens.claims() };
}

// Refused by the provider, with this code.
export async function refused(promise, code) {
  const error = await failure(promise);
  assert.equal(error.error, code, `expected ${code}, got ${error.stack}`);
}

export async function refresh(config, person, { refresh_token: first }) {
  assert.ok(first, "offline_access gives a refresh token");
  const tokens = await oidc.refreshTokenGrant(config, first);
  assertIs(person, await oidc.fetchUserInfo(config, tokens.access_token, person.id));
  const next = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? first);
  assert.notEqual(next.access_token, tokens.access_token);
  return next;
}

const BACK = "http://localhost:9235/back";
const BYE = "http://localhost:9235/bye";

export async function server() {
  const { id, secret } = await register("web-app", {
    redirectUris: [BACK], postLogoutRedirectUris: [BYE], confidential: true, firstParty: true,
  });
  const config = await discover(id, oidc.ClientSecretBasic(secret));
  const person = await Person.create();
  const { tokens, claims, back, asked } = await signIn(config, person, { end: BACK });
  assert.deepEqual(asked, [SIGN_IN], "an application of one's own asks for no consent");
  assert.deepEqual([claims.iss, claims.sub, claims.aud], [issuer, person.id, id]);
  seen("signs in by discovery, code, PKCE, state and nonce; checks the ID token and its signature");
  assert.equal(back.searchParams.get("iss"), issuer);
  const other = new URL(back);
  other.searchParams.delete("iss");
  const expectedState = back.searchParams.get("state");
  const unsaid = await failure(oidc.authorizationCodeGrant(config, other, { expectedState }));
  assert.match(unsaid.cause.message, /"iss" \(issuer\) missing/);
  seen("is told who answers (`iss`), and takes no answer without it");
  assertIs(person, await oidc.fetchUserInfo(config, tokens.access_token, person.id));
  seen("reads userinfo");
  await refresh(config, person, tokens);
  seen("refreshes, twice in a row");
  const again = await signIn(config, person, { end: BACK, prompt: "none" });
  assert.deepEqual([again.asked, again.claims.sub], [[], person.id]);
  const stranger = await Person.create();
  await refused(signIn(config, stranger, { end: BACK, prompt: "none" }), "login_required");
  seen("asks without a page (`prompt=none`), and hears `login_required` where nobody is signed in");
  const post = await discover(id, oidc.ClientSecretPost(secret));
  assert.equal((await signIn(post, person, { end: BACK })).claims.sub, person.id);
  seen("shows its secret in the header and in the form");
  const wrong = await discover(id, oidc.ClientSecretPost(secret.slice(0, -1)));
  await refused(signIn(wrong, person, { end: BACK }), "invalid_client");
  seen("is refused with another secret");
  await later(config, person);
}

// Each of these when the provider has it.
async function later(config, person) {
  if (HAS.par) {
    const { url, claims } = await signIn(config, person, { end: BACK, push: true });
    assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    assert.equal(claims.sub, person.id);
    seen("pushes its request (PAR)");
  }
  if (HAS.stepUp) await stepUp(config);
  if (HAS.introspection) await introspection(config, person);
  if (HAS.revocation) await revocation(config, person);
  if (HAS.endSession) await endSession(config, person);
}

async function stepUp(config) {
  const person = await Person.create();
  await signIn(config, person, { end: BACK });
  const kept = await signIn(config, person, { end: BACK, max_age: "300" });
  assert.deepEqual(kept.asked, [], "a sign-in of just now is recent");
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const { asked, claims } = await signIn(config, person, { end: BACK, max_age: "1" });
  assert.ok(asked.length > 0, "somebody is asked again");
  assert.ok(claims.auth_time >= kept.claims.auth_time + 1, "auth_time is of now");
  seen("asks for a recent sign-in (`max_age`)");
  await person.addApp();
  const proved = await signIn(config, person, { end: BACK, acr_values: "aal2" });
  assert.ok(proved.asked.length > 0, "somebody is asked for a second factor");
  assert.equal(proved.claims.acr, "aal2");
  seen("asks for a second factor (`acr_values`)");
}

async function introspection(config, person) {
  const { tokens } = await signIn(config, person, { end: BACK });
  const ask = (token) => oidc.tokenIntrospection(config, token);
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    const { active, sub, client_id: id, iss, scope } = await ask(token);
    assert.deepEqual([active, sub, id, iss], [true, person.id, config.clientMetadata().client_id, issuer]);
    assert.equal(scope, tokens.scope);
  }
  for (const token of ["none", tokens.id_token]) assert.deepEqual(await ask(token), { active: false });
  seen("asks what a token is worth (introspection)");
}

async function revocation(config, person) {
  for (const name of ["refresh_token", "access_token"]) {
    const { tokens } = await signIn(config, person, { end: BACK });
    await oidc.tokenRevocation(config, tokens[name]);
    await refused(oidc.refreshTokenGrant(config, tokens.refresh_token), "invalid_grant");
    const told = await failure(oidc.fetchUserInfo(config, tokens.access_token, person.id));
    assert.equal(told.status, 401, told.stack);
    if (HAS.introspection) {
      assert.deepEqual(await oidc.tokenIntrospection(config, tokens.access_token), { active: false });
    }
    await oidc.tokenRevocation(config, tokens[name]); // Twice is no mistake.
  }
  const { asked } = await signIn(config, person, { end: BACK });
  assert.deepEqual(asked, [], "somebody is still signed in");
  seen("gives a token back, and all that came with it (revocation)");
}

async function endSession(config, person) {
  const { tokens } = await signIn(config, person, { end: BACK });
  const state = oidc.randomState();
  const url = oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: BYE, id_token_hint: tokens.id_token, state });
  const { url: bye } = await person.visit(url.href, { end: BYE });
  assert.equal(bye, `${BYE}?state=${state}`);
  await refused(signIn(config, person, { end: BACK, prompt: "none" }), "login_required");
  seen("signs out at the provider (end session)");
}

const SITE = "http://localhost:9235/site";

// An application of somebody else: whoever signs in says what it may.
export async function stranger() {
  const { id } = await register("other-web-app", { redirectUris: [SITE] });
  const config = await discover(id, oidc.None());
  const person = await Person.create();
  await refused(signIn(config, person, { end: SITE, allow: [] }), "access_denied");
  seen("hears `access_denied` where somebody says no");
  const some = await signIn(config, person, { end: SITE, allow: ["profile"] });
  assert.ok(some.asked.includes(CONSENT), "somebody is asked for consent");
  assert.deepEqual(some.tokens.scope?.split(" ").sort(), ["openid", "profile"]);
  const { email, given_name: first } = await oidc.fetchUserInfo(config, some.tokens.access_token, person.id);
  assert.deepEqual([email, first, some.tokens.refresh_token], [undefined, "Ada", undefined]);
  seen("gets of what it asks for what somebody allows");
  const less = await signIn(config, person, { end: SITE });
  assert.deepEqual([less.asked, less.tokens.refresh_token], [[], undefined], "who has said no is not asked again");
  const all = await signIn(config, person, { end: SITE, prompt: "consent" });
  assert.ok(all.asked.includes(CONSENT), "somebody is asked where the application says so");
  assertIs(person, await oidc.fetchUserInfo(config, all.tokens.access_token, person.id));
  const known = await signIn(config, person, { end: SITE });
  assert.deepEqual(known.asked, [], "somebody is asked once");
  const last = await refresh(config, person, known.tokens);
  seen("asks again where it says so (`prompt=consent`), and refreshes without a secret");
  await person.removesAccess(id);
  await refused(oidc.refreshTokenGrant(config, last.refresh_token), "invalid_grant");
  const told = await failure(oidc.fetchUserInfo(config, last.access_token, person.id));
  assert.equal(told.status, 401, told.stack);
  await refused(signIn(config, person, { end: SITE, prompt: "none" }), "consent_required");
  const anew = await signIn(config, person, { end: SITE });
  assert.deepEqual(anew.asked, [CONSENT], "somebody is asked anew");
  await refused(oidc.refreshTokenGrant(config, last.refresh_token), "invalid_grant");
  seen("has nothing more where somebody takes its access back, and asks anew");
  if (HAS.revocation) {
    await oidc.tokenRevocation(config, anew.tokens.refresh_token);
    await refused(oidc.refreshTokenGrant(config, anew.tokens.refresh_token), "invalid_grant");
    seen("gives a token back without a secret (revocation)");
  }
}
