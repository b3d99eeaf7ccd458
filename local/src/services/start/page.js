"use strict";

const form = document.querySelector("form");
const session = document.querySelector("#session");
const output = document.querySelector("#answer");
// In memory alone: a page that is loaded again is signed out.
let tokens = null;

function credentials() {
  return { email: form.elements.email.value, password: form.elements.password.value };
}

const calls = {
  register: () => ["POST", "/v1/auth/register", credentials()],
  login: () => ["POST", "/v1/auth/login", credentials()],
  profile: () => ["GET", "/v1/users/me"],
  refresh: () => ["POST", "/v1/auth/refresh", { refreshToken: tokens.refreshToken }],
  logout: () => ["DELETE", "/v1/auth/logout"],
};

function keep(found) {
  tokens = found;
  session.hidden = !found;
}

async function send(name) {
  const [method, path, body] = calls[name]();
  const shown = `${method} ${path}`;
  output.textContent = `${shown}\n…`;
  const headers = {};
  if (body) headers["content-type"] = "application/json";
  if (name === "profile" || name === "logout") headers.authorization = `Bearer ${tokens.accessToken}`;
  try {
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    const isJson = (answer.headers.get("content-type") || "").includes("json");
    const found = isJson ? JSON.parse(text) : text;
    output.textContent = `${shown}\n${answer.status} ${answer.statusText}\n\n${isJson ? JSON.stringify(found, null, 2) : text}`;
    if (answer.ok && found.accessToken) keep(found);
    if (name === "logout" && answer.ok) keep(null);
  } catch (error) {
    output.textContent = `${shown}\n${error.message}`;
  }
}

async function busily(name) {
  const buttons = document.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  await send(name);
  for (const button of buttons) button.disabled = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busily(event.submitter ? event.submitter.value : "login");
});
for (const button of session.querySelectorAll("button")) {
  button.addEventListener("click", () => busily(button.value));
}
