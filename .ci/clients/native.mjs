// openid-client in an application on a desk: the answer comes to a port of this machine (RFC 8252 §7.3).
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { assertIs, CONSENT, Person, SIGN_IN } from "./person.mjs";
import { discover, oidc, refresh, refused, signIn } from "./openid-client.mjs";
import { HAS, register, SCOPES, seen } from "./site.mjs";

// Listens for the answer, as such an application does.
async function listen(port) {
  const came = [];
  const server = createServer((request, response) => {
    came.push(request.url);
    response.end("You can close this window.");
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { came, close: () => new Promise((resolve) => server.close(resolve)) };
}

export async function native() {
  const { id } = await register("desk-app", { redirectUris: ["http://127.0.0.1/callback"] });
  const config = await discover(id, oidc.None());
  const person = await Person.create();
  let tokens;
  for (const [port, pages] of [[9236, [SIGN_IN, CONSENT]], [9237, []]]) {
    const { came, close } = await listen(port);
    const end = `http://127.0.0.1:${port}/callback`;
    const round = await signIn(config, person, { end });
    await person.browser.open(round.back.href);
    await close();
    assert.equal(came.length, 1);
    assert.deepEqual(round.asked, pages);
    assertIs(person, await oidc.fetchUserInfo(config, round.tokens.access_token, person.id));
    ({ tokens } = round);
  }
  seen("signs in on whichever port of 127.0.0.1 is free, with consent once, and reads userinfo");
  await refresh(config, person, tokens);
  seen("refreshes without a secret");
}

// One without a browser: somebody opens a page elsewhere.
export async function device() {
  const { id } = await register("television", {});
  const config = await discover(id, oidc.None());
  const person = await Person.create();
  const started = await oidc.initiateDeviceAuthorization(config, { scope: SCOPES.join(" ") });
  const settings = { signal: AbortSignal.timeout(60_000) };
  const polled = oidc.pollDeviceAuthorizationGrant(config, started, undefined, settings);
  const { asked, page } = await person.visit(started.verification_uri_complete);
  assert.ok(asked.includes(SIGN_IN), `nobody is asked at ${page.url}: ${page.text}`);
  const tokens = await polled;
  assertIs(person, await oidc.fetchUserInfo(config, tokens.access_token, person.id));
  seen("signs in by a code that it shows (device code)");
}

// One without anybody.
export async function machine() {
  const scopes = ["reports:read", "reports:write"];
  const { id, secret } = await register("nightly-job", {
    confidential: true, scopes, audience: "https://reports.example.com",
  });
  const config = await discover(id, oidc.ClientSecretBasic(secret));
  const tokens = await oidc.clientCredentialsGrant(config, { scope: "reports:read" });
  assert.equal(tokens.token_type, "bearer");
  assert.deepEqual([tokens.scope, tokens.id_token, tokens.refresh_token], ["reports:read", undefined, undefined]);
  await refused(oidc.clientCredentialsGrant(config, { scope: "accounts:delete" }), "invalid_scope");
  seen("gets a token for itself (client credentials)");
}

export const later = [
  HAS.deviceCode && { packages: ["openid-client"], kind: "device without a browser", run: device },
  HAS.clientCredentials && { packages: ["openid-client"], kind: "job on a server", run: machine },
].filter(Boolean);
