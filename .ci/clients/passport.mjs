// openid-client's strategy for passport, in an application of express.
import assert from "node:assert/strict";
import { assertIs, CONSENT, Person, SIGN_IN } from "./person.mjs";
import { discover, oidc } from "./openid-client.mjs";
import { HAS, load, register, seen } from "./site.mjs";

const { default: express } = await load("express");
const { default: session } = await load("express-session");
const { default: passport } = await load("passport");
const { Strategy } = await load("openid-client/passport");

const PORT = 9231;
const APP = `http://localhost:${PORT}`;

function application(config) {
  const settings = { config, scope: "openid profile email", callbackURL: `${APP}/callback` };
  const verify = async (tokens, verified) => {
    const { sub } = tokens.claims();
    verified(null, { ...(await oidc.fetchUserInfo(config, tokens.access_token, sub)), idToken: tokens.id_token });
  };
  passport.use("latchkey", new Strategy(settings, verify));
  passport.serializeUser((user, kept) => kept(null, user));
  passport.deserializeUser((user, read) => read(null, user));
  const app = express();
  app.use(session({ secret: "hush", resave: false, saveUninitialized: false }));
  app.use(passport.session());
  app.get("/", (request, response) => response.json(request.user ?? null));
  app.get("/sign-in", passport.authenticate("latchkey"));
  const answers = { successRedirect: "/", failureRedirect: "/refused" };
  app.get("/callback", passport.authenticate("latchkey", answers));
  app.get("/refused", (request, response) => response.json("refused"));
  app.get("/sign-out", (request, response, next) => {
    const { idToken } = request.user;
    request.logout((error) => {
      if (error) return next(error);
      const there = { post_logout_redirect_uri: `${APP}/`, id_token_hint: idToken };
      response.redirect(HAS.endSession ? oidc.buildEndSessionUrl(config, there).href : "/");
    });
  });
  return app;
}

export async function strategy() {
  const { id, secret } = await register("express-app", {
    redirectUris: [`${APP}/callback`], postLogoutRedirectUris: [`${APP}/`], confidential: true,
  });
  const app = application(await discover(id, oidc.ClientSecretPost(secret)));
  const server = await new Promise((resolve) => {
    const server = app.listen(PORT, "localhost", () => resolve(server));
  });
  const person = await Person.create();
  const read = async (options) => {
    const { page, asked, url } = await person.visit(`${APP}/sign-in`, options);
    assert.equal(page.status, 200, `${url}: ${page.text}`);
    return { asked, url, user: JSON.parse(page.text) };
  };
  const no = await read({ allow: [] });
  assert.deepEqual([no.asked, no.url], [[SIGN_IN, CONSENT], `${APP}/refused`]);
  seen("is told when somebody says no");
  const { asked, user } = await read();
  assert.deepEqual(asked, [CONSENT]);
  assertIs(person, user);
  seen("signs in by code and PKCE, without `state` as it does by itself, and reads userinfo");
  assert.deepEqual((await read()).asked, []);
  seen("signs in again without a page");
  const { page } = await person.visit(`${APP}/sign-out`);
  assert.equal(page.text, "null", `${page.url}: ${page.text}`);
  if (HAS.endSession) {
    assert.equal((await read()).asked[0], SIGN_IN);
    seen("signs out, here and at the provider");
  }
  server.close();
  server.closeAllConnections();
}
