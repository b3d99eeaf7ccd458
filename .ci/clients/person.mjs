// Somebody with an account, before a browser without a window: signs in and agrees where a page asks for it.
import assert from "node:assert/strict";
import { App } from "../pages/app.mjs";
import { Browser, forms } from "../pages/tiny.mjs";
import { accessToken, call, inbox, issuer } from "./site.mjs";

const PASSWORD = "correct horse battery";
const SHOWN = ["text", "email", "password"];
let people = 0;

async function letter(to) {
  for (let tries = 0; tries < 300; tries += 1) {
    const letters = await (await fetch(`${inbox}/messages`)).json();
    const found = letters.find((one) => one.to === to && one.tags["latchkey-letter"] === "verify_email");
    if (found) return found.text.match(/token=([\w.~%-]+)/)[1];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no letter came to ${to}`);
}

export class Person {
  // Somebody new, whose address is verified.
  static async create() {
    people += 1;
    const email = `client-${Date.now()}-${people}@example.com`;
    const proof = { password: PASSWORD };
    const names = { firstName: "Ada", lastName: "Lovelace" };
    const { id } = await call("POST", "/v1/auth/register", { email, ...proof, ...names });
    await call("POST", "/v1/auth/verify-email", { token: await letter(email), ...proof });
    return Object.assign(new Person(), { id, email, ...proof, browser: new Browser() });
  }

  async addApp() {
    const token = await accessToken(this.email, this.password);
    const { secret, pending } = await call("POST", "/v1/users/me/factors/totp", {}, token);
    this.app = new App(secret);
    await call("POST", "/v1/users/me/factors/totp/confirm", { pending, code: await this.app.code() }, token);
  }

  // On the account page, where somebody is signed in.
  async removesAccess(client) {
    const find = (page) => forms(page).find(({ action, inputs }) => {
      return action === "/account/applications/revoke" && inputs.some(({ value }) => value === client);
    });
    const page = await this.browser.follow(`${issuer}/account`);
    const form = find(page);
    assert.ok(form, `${client} is not at ${page.url}: ${page.text}`);
    const headers = { origin: issuer, "sec-fetch-site": "same-origin" };
    const fields = form.inputs.map(({ name, value }) => [name, value]);
    const after = await this.browser.follow(new URL(form.action, issuer).href, { form: fields, headers });
    assert.deepEqual([after.url, after.status], [`${issuer}/account`, 200]);
    assert.equal(find(after), undefined, "it is listed no more");
  }

  // Follows a link of an application up to `end`, where its answer is in `url`, or to a page that asks nothing. `asked`
  // says which pages asked something. `allow` is what the application may; nothing, it may not.
  async visit(url, { end, allow = "all" } = {}) {
    const asked = [];
    let page = await this.browser.follow(url, { end });
    while (asked.length < 6) {
      const next = page.next ?? page.leads;
      if (next) return { url: next, page, asked };
      const form = forms(page).find((form) => this.#isAsked(form));
      if (!form) return { url: page.url, page, asked };
      const action = new URL(form.action, page.url);
      asked.push(action.pathname);
      const { origin } = new URL(page.url);
      const headers = { origin, "sec-fetch-site": "same-origin" };
      page = await this.browser.follow(action.href, { form: await this.#answers(form, allow), headers, end });
      assert.ok(page.status < 400, `${action.pathname}: ${page.status} ${page.text}`);
    }
    throw new Error(`it is asked again and again: ${asked.join()}, ${page.text}`);
  }

  #knows = ({ name }) => ["email", "password"].includes(name) || (name === "totp" && this.app);

  // Whether a form asks for what is known, or for a decision.
  #isAsked({ inputs, buttons }) {
    const fields = inputs.filter(({ type = "text" }) => SHOWN.includes(type));
    const decides = buttons.some(({ name }) => name === "decision");
    return fields.every(this.#knows) && (fields.length > 0 || decides);
  }

  async #answers({ inputs, buttons }, allow) {
    const answers = [];
    for (const input of inputs) {
      const { type = "text", name, value = "on" } = input;
      if (type === "hidden") answers.push([name, value]);
      else if (name === "totp") answers.push([name, await this.app.code()]);
      else if (SHOWN.includes(type)) answers.push([name, this[name]]);
      else if (name === "scope" && (allow === "all" || allow.includes(value))) answers.push([name, value]);
    }
    if (buttons.some(({ name }) => name === "decision")) answers.push(["decision", allow.length ? "allow" : "deny"]);
    return answers;
  }
}

// What an application learns of somebody whom it may know all of.
export function assertIs(person, claims) {
  const { sub, email, email_verified: verified, given_name: first, family_name: last } = claims;
  assert.deepEqual([sub, email, verified, first, last], [person.id, person.email, true, "Ada", "Lovelace"]);
}

export const SIGN_IN = "/sign-in";
export const CONSENT = "/consent";
