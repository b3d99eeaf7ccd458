// oauth4webapi, call by call, as whoever builds a library of their own has it.
import assert from "node:assert/strict";
import { assertIs, CONSENT, Person, SIGN_IN } from "./person.mjs";
import { failure, HAS, issuer, load, register, SCOPES, seen } from "./site.mjs";

const oauth = await load("oauth4webapi");
const BACK = "http://localhost:9238/back";
const INSECURE = { [oauth.allowInsecureRequests]: true };

export async function calls() {
  const { id, secret } = await register("edge-app", { redirectUris: [BACK], confidential: true });
  const url = new URL(issuer);
  const discovered = await oauth.discoveryRequest(url, { algorithm: "oidc", ...INSECURE });
  const server = await oauth.processDiscoveryResponse(url, discovered);
  assert.equal(server.authorization_response_iss_parameter_supported, true);
  const application = { client_id: id };
  const maxAge = HAS.stepUp ? 3600 : undefined;
  const authentication = oauth.ClientSecretBasic(secret);
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const there = new URL(server.authorization_endpoint);
  there.search = new URLSearchParams({
    client_id: id, redirect_uri: BACK, response_type: "code", scope: SCOPES.join(" "), state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    ...(maxAge && { max_age: maxAge }),
  });
  const person = await Person.create();
  const visit = await person.visit(there.href, { end: BACK });
  assert.deepEqual(visit.asked, [SIGN_IN, CONSENT]);
  const answer = oauth.validateAuthResponse(server, application, new URL(visit.url), state);

  const known = [server, application, authentication];
  const exchange = () => oauth.authorizationCodeGrantRequest(...known, answer, BACK, verifier, INSECURE);
  const response = await exchange();
  const options = { expectedNonce: nonce, maxAge, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, application, response, options);
  await oauth.validateApplicationLevelSignature(server, response, INSECURE);
  const { sub, iss } = oauth.getValidatedIdTokenClaims(tokens);
  assert.deepEqual([sub, iss], [person.id, issuer]);
  seen("signs in by code, PKCE, state and nonce; checks `iss`, the ID token and its signature");

  const told = await oauth.userInfoRequest(server, application, tokens.access_token, INSECURE);
  assertIs(person, await oauth.processUserInfoResponse(server, application, sub, told));
  seen("reads userinfo");
  const none = await oauth.userInfoRequest(server, application, "none", INSECURE);
  const { cause } = await failure(oauth.processUserInfoResponse(server, application, sub, none));
  assert.deepEqual([none.status, cause[0].scheme, cause[0].parameters.error], [401, "bearer", "invalid_token"]);
  seen("reads in `WWW-Authenticate` what is wrong with another token");

  const refreshed = await oauth.refreshTokenGrantRequest(...known, tokens.refresh_token, INSECURE);
  const next = await oauth.processRefreshTokenResponse(server, application, refreshed);
  assert.notEqual(next.access_token, tokens.access_token);
  seen("refreshes");

  const ask = async (token) => {
    const asked = await oauth.introspectionRequest(...known, token, INSECURE);
    return oauth.processIntrospectionResponse(server, application, asked);
  };
  if (HAS.introspection) {
    const { active, sub: who, client_id: whose, token_type: type } = await ask(next.access_token);
    assert.deepEqual([active, who, whose, type], [true, person.id, id, "Bearer"]);
    assert.deepEqual(await ask("none"), { active: false });
    seen("asks what a token is worth (introspection)");
  }
  if (HAS.revocation) {
    const given = await oauth.revocationRequest(...known, next.refresh_token, INSECURE);
    assert.equal(await oauth.processRevocationResponse(given), undefined);
    if (HAS.introspection) assert.deepEqual(await ask(next.access_token), { active: false });
    const late = await oauth.refreshTokenGrantRequest(...known, next.refresh_token, INSECURE);
    const refused = await failure(oauth.processRefreshTokenResponse(server, application, late));
    assert.equal(refused.error, "invalid_grant");
    seen("gives a token back (revocation)");
  }

  const again = await exchange();
  const twice = await failure(oauth.processAuthorizationCodeResponse(server, application, again));
  assert.equal(twice.error, "invalid_grant");
  seen("gets nothing for a code that it has used");
}
