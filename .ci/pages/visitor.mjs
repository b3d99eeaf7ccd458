// Somebody before a browser: what they do, and what is looked at on every page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { base, browser, foreign, require, seen, work } from "./site.mjs";
import { assertClean, Watch } from "./watch.mjs";

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
// Two looks a page: every page in both sizes and both schemes, and every other page the other way round. In other languages
// words are longer: a phone shows where that matters.
const LOOKS = [
  [["phone", "light"], ["desktop", "dark"]],
  [["phone", "dark"], ["desktop", "light"]],
];
let looked = 0;
const LOCALES = { en: "en-GB", de: "de-DE", es: "es-ES" };

// A passkey provider of the device, which verifies its user. It answers while somebody is there.
async function authenticator(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: false,
    },
  });
  return {
    present: (enabled) => devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled }),
    credentials: async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
  };
}

async function axe(page, look) {
  await page.evaluate(`window.axe || (() => { ${AXE} })()`);
  const violations = await page.evaluate(async (tags) => {
    const { violations, passes } = await window.axe.run(document, { runOnly: tags });
    if (!passes.length) throw new Error("axe has looked at nothing");
    return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
  }, TAGS);
  assert.deepEqual(violations, [], `axe, ${look}`);
}

export class Visitor {
  static async open({ lang = "en", script = true } = {}) {
    const settings = { locale: LOCALES[lang], javaScriptEnabled: script, viewport: SIZES.desktop };
    const context = await browser.newContext(settings);
    context.setDefaultTimeout(60_000);
    return Visitor.#of(context, lang, script);
  }

  static async #of(context, lang, script) {
    const page = await context.newPage();
    const visitor = Object.assign(new Visitor(), { context, lang, script, page, watch: new Watch(page) });
    visitor.devtools = await context.newCDPSession(page);
    if (script) visitor.authenticator = await authenticator(page);
    return visitor;
  }

  // Another tab of the same browser.
  tab = () => Visitor.#of(this.context, this.lang, this.script);
  close = () => this.context.close();

  get path() {
    return new URL(this.page.url()).pathname;
  }

  // Does what leads to another page, and waits for that.
  async leads(act) {
    await Promise.all([this.page.waitForEvent("load"), act()]);
  }

  // Waits for a page to which the browser is led by itself.
  async comes(path) {
    for (let tries = 0; this.path !== path; tries += 1) {
      assert.ok(tries < 150, `${path} has not come`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.page.waitForLoadState();
  }

  go = (path) => this.page.goto(base + path);
  click = (selector) => this.leads(() => this.page.locator(selector).first().click());
  count = (selector) => this.page.locator(selector).count();
  text = (selector) => this.page.locator(selector).first().textContent();
  value = (name, action) => this.form(action).locator(`[name="${name}"]`).inputValue();

  // Opens a link of a letter on the page of somebody else. Its token leaves the address before anything is shown.
  async follow(link) {
    await this.page.goto(foreign("/letter", link));
    this.watch.documents = [];
    await this.click("a");
    const [first] = this.watch.documents;
    assert.equal(first.status(), 303, "a link of a letter is answered with a redirect");
  }

  // The form that goes there; where there are several, the one that has this as well.
  form(action, having = "") {
    return this.page.locator(`form[action="${action}"]${having}`).first();
  }

  async fill(action, fields, having) {
    const form = this.form(action, having);
    const folded = this.page.locator("details:not([open])", { has: form });
    if (await folded.count()) await folded.first().locator("summary").click();
    for (const [name, value] of Object.entries(fields)) {
      const field = form.locator(`[name="${name}"]`);
      if (typeof value === "boolean") await field.setChecked(value);
      else if (name === "locale") await field.selectOption(value);
      else await field.fill(value);
    }
    return form.locator("button");
  }

  // Fills in a form and sends it.
  async submit(action, fields = {}, having = "") {
    const button = await this.fill(action, fields, having);
    await this.leads(() => button.click());
  }

  // The same past what the browser checks by itself.
  async force(action, fields) {
    await this.form(action).evaluate((form) => { form.noValidate = true; });
    await this.submit(action, fields);
  }

  // Sends a form that asks for a passkey. Nobody gives it before the button is pressed, and nobody once it is given: an offer
  // of this page or of the next takes none.
  async usePasskey(action, fields = {}) {
    const button = await this.fill(action, fields, "[data-passkey]");
    const present = (is) => async (route) => {
      await this.authenticator.present(is);
      // One that was given up meanwhile goes nowhere.
      await route.continue().catch(() => {});
    };
    await this.page.route(base + action + "/options", present(true), { times: 1 });
    await this.page.route(base + action, present(false), { times: 1 });
    await this.leads(() => button.click());
  }

  // Looks at a page. `wrong` names the fields that were refused. `refused`: something was. `said`: something was done.
  async check(name, path, { status = 200, wrong = [], refused = wrong.length > 0, said = false } = {}) {
    const about = `${name} (${this.lang})`;
    try {
      assert.ok([path].flat().includes(this.path), `it is at ${this.path}`);
      await this.watch.verify(status);
      await this.#addresses();
      await this.#words();
      assert.equal(await this.count(".box.bad[role=alert]"), refused ? 1 : 0, "whether something was refused");
      if (said) assert.equal(await this.count(".box.good[role=status]"), 1, "what was done is said");
      for (const field of wrong) await this.#isRefused(field);
      await this.#looks(name);
    } catch (error) {
      await this.page.screenshot({ path: join(work, "pages", "failed.png"), fullPage: true }).catch(() => {});
      throw new Error(`${about}, see failed.png: ${error.message}`, { cause: error });
    }
    seen(about);
  }

  // No token in the address, in the history or in what the next page knows of this one.
  async #addresses() {
    assertClean(this.page.url(), "the address");
    assertClean(await this.page.evaluate(() => document.referrer), "document.referrer");
    const { entries } = await this.devtools.send("Page.getNavigationHistory");
    for (const { url } of entries) if (url.startsWith(base)) assertClean(url, "the history");
  }

  async #words() {
    const { lang, title, headings } = await this.page.evaluate(() => ({
      lang: document.documentElement.lang,
      title: document.title,
      headings: [...document.querySelectorAll("h1")].map((heading) => heading.textContent.trim()),
    }));
    assert.equal(lang, this.lang, "the language");
    assert.equal(headings.length, 1, "one heading");
    assert.ok(headings[0] && title.includes(headings[0]), `the title ${title} says ${headings[0]}`);
  }

  // What is wrong with a field stands beside it, and is read out with it.
  async #isRefused(name) {
    const field = this.page.locator(`[name="${name}"][aria-invalid="true"]`).first();
    const ids = (await field.getAttribute("aria-describedby")).split(" ");
    const error = this.page.locator(ids.map((id) => `[id="${id}"].error`).join());
    assert.ok(await error.isVisible() && (await error.textContent()).trim(), `${name} says what is wrong`);
    assert.ok(await this.count(`.box.bad a[href="#${await field.getAttribute("id")}"]`), `${name} is linked`);
  }

  // The page on a phone and on a desk, with all that is folded.
  async #looks(name) {
    await this.#unfold(true);
    looked += 1;
    for (const [size, colorScheme] of LOOKS[looked % 2].slice(0, this.lang === "en" ? 2 : 1)) {
      await this.page.setViewportSize(SIZES[size]);
      await this.page.emulateMedia({ colorScheme });
      const look = `${size}-${colorScheme}`;
      const width = await this.page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= SIZES[size].width, `${look} is ${width} wide`);
      const page = this.script ? this.page : await this.#copy(SIZES[size], colorScheme);
      await axe(page, look);
      if (page !== this.page) await page.close();
      await this.page.screenshot({ path: join(work, "pages", `${this.lang}-${name}-${look}.png`), fullPage: true });
    }
    await this.#unfold(false);
  }

  #unfold = (open) => this.page.evaluate((open) => {
    const selector = open ? "details:not([open])" : "details[data-looked-at]";
    for (const details of document.querySelectorAll(selector)) {
      details.open = open;
      details.toggleAttribute("data-looked-at", open);
    }
  }, open);

  // Axe is a script itself: where none runs, it looks at a copy of the page.
  async #copy(viewport, colorScheme) {
    const html = (await this.page.content()).replace(/<script\b[^>]*><\/script>/g, "");
    const page = await browser.newPage({ viewport, colorScheme });
    await page.route(this.page.url(), (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(this.page.url());
    return page;
  }
}
