// Auth.js: its handler answers an application's requests, as Next.js and others hand them to it.
import assert from "node:assert/strict";
import { CONSENT, Person, SIGN_IN } from "./person.mjs";
import { issuer, load, register, seen } from "./site.mjs";

const { Auth } = await load("@auth/core");
const APP = "http://localhost:9233";

export async function handler() {
  const { id, secret } = await register("auth-js-app", {
    redirectUris: [`${APP}/auth/callback/latchkey`], confidential: true, scopes: ["openid", "profile", "email"],
  });
  const provider = {
    id: "latchkey", name: "Latchkey", type: "oidc", issuer, clientId: id, clientSecret: secret,
    checks: ["pkce", "state", "nonce"],
    idToken: false, // Names and addresses are userinfo's.
  };
  const errors = [];
  const config = {
    providers: [provider], secret: "hush".repeat(8), trustHost: true, basePath: "/auth",
    callbacks: { session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub } }) },
    logger: { error: (error) => errors.push(error), warn: () => {} },
  };
  // Whoever has no account of the application is who the provider says.
  config.callbacks.jwt = ({ token, profile }) => (profile ? { ...token, sub: profile.sub } : token);

  const person = await Person.create();
  const { browser } = person;
  const elsewhere = browser.send;
  browser.send = (url, request) => {
    if (url.startsWith(APP)) return Auth(new Request(url, request), config);
    return elsewhere(url, request);
  };

  const session = async () => JSON.parse((await browser.open(`${APP}/auth/session`)).text);
  const start = async () => {
    const { csrfToken } = JSON.parse((await browser.open(`${APP}/auth/csrf`)).text);
    const { next } = await browser.open(`${APP}/auth/signin/latchkey`, { csrfToken, callbackUrl: APP });
    assert.ok(next?.startsWith(`${issuer}/`), `it leads to ${next}: ${errors}`);
    return next;
  };
  const end = `${APP}/auth/callback/`;
  const signIn = async (options) => {
    const { url, asked } = await person.visit(await start(), { end, ...options });
    assert.ok(url.startsWith(end), url);
    return { asked, next: (await browser.open(url)).next };
  };
  const no = await signIn({ allow: [] });
  assert.deepEqual(no.asked, [SIGN_IN, CONSENT]);
  assert.equal(errors.pop()?.type, "OAuthCallbackError");
  assert.equal(new URL(no.next).searchParams.get("error"), "OAuthCallbackError");
  assert.equal(await session(), null);
  seen("is told when somebody says no");
  const { asked, next } = await signIn();
  assert.deepEqual([asked, errors.map(String), new URL(next).href], [[CONSENT], [], `${APP}/`]);
  const { user } = await session();
  assert.deepEqual([user.id, user.email, user.name], [person.id, person.email, "Ada Lovelace"]);
  seen("signs in by code, PKCE, state and nonce, and has a session of its own with what userinfo says");
  assert.deepEqual((await signIn()).asked, []);
  seen("signs in again without a page");
}
