// A browser without a window: it keeps cookies by origin, and goes nowhere by itself. `Secure` cookies of
// http://localhost are kept, as Chromium keeps them.
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const text = (html) => html.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
  if (name) return ENTITIES[name] ?? all;
  return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
});

// The attributes of a tag. One without a value is the empty text.
function attributes(tag) {
  const found = tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g);
  return Object.fromEntries([...found].map(([, name, value = ""]) => [name, text(value)]));
}

function tags(html, name) {
  const found = html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, "g"));
  return [...found].map(([, tag]) => attributes(tag));
}

// The forms of a page that somebody sees: where each goes, its fields and its buttons.
export function forms(page) {
  const found = [...page.text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)];
  const all = found.map(([, tag, body]) => {
    return { ...attributes(tag), inputs: tags(body, "input"), buttons: tags(body, "button") };
  });
  return all.filter((form) => !("hidden" in form));
}

// Where a page leads by itself.
function leads(html) {
  const refresh = tags(html, "meta").find((meta) => meta["http-equiv"] === "refresh");
  return refresh && /^\s*0;\s*url=(.*)$/i.exec(refresh.content)?.[1];
}

const isGone = (cookie) => /;\s*max-age=(0|-\d+)\s*(;|$)/i.test(cookie)
  || Date.parse(/;\s*expires=([^;]*)/i.exec(cookie)?.[1]) <= Date.now();

export class Browser {
  #cookies = new Map();

  // Opens a URL, or sends a form there. `next`: where a redirect leads. `leads`: where the page does.
  async open(url, form, headers = {}) {
    const { origin } = new URL(url);
    const kept = this.#cookies.get(origin) ?? new Map();
    this.#cookies.set(origin, kept);
    const cookie = [...kept].map(([name, value]) => `${name}=${value}`).join("; ");
    const body = form && new URLSearchParams(form);
    const answer = await this.send(url, {
      method: body ? "POST" : "GET", headers: { ...headers, cookie }, body, redirect: "manual",
    });
    for (const set of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      if (isGone(set)) kept.delete(name);
      else kept.set(name, value);
    }
    const html = await answer.text();
    const absolute = (location) => location && new URL(location, url).href;
    return {
      url, status: answer.status, text: html,
      next: absolute(answer.headers.get("location")), leads: absolute(leads(html)),
    };
  }

  // How a request gets to where it is answered.
  send(url, request) {
    return fetch(url, request);
  }

  // The same, and on along redirects and pages that lead on, up to `end`.
  async follow(url, { form, headers, end } = {}) {
    let page = await this.open(url, form, headers);
    for (let hops = 0; hops < 20; hops += 1) {
      const next = page.next ?? page.leads;
      if (!next || (end && next.startsWith(end))) return page;
      page = await this.open(next);
    }
    throw new Error(`it goes round and round: ${page.url}`);
  }
}
