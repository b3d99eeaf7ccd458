// docs/clients.md, as it is written of a run.
import { readFileSync } from "node:fs";
import { HAS } from "./site.mjs";
import { SAMPLE } from "./single-page-app.mjs";

const NAMES = {
  stepUp: "a recent sign-in or a second factor on demand (`max_age`, `acr_values`)",
  clientCredentials: "client credentials",
  deviceCode: "device code",
  introspection: "introspection",
  revocation: "revocation",
  endSession: "sign-out at the provider (end session)",
  par: "pushed requests (PAR)",
};

const row = ({ title, versions, kind, done }) => `| ${title} | ${versions} | ${kind} | ${done.join("; ")} | yes |`;

function missing() {
  const names = Object.entries(HAS).filter(([, has]) => !has).map(([name]) => NAMES[name]);
  if (!names.length) return "";
  return `\nNot there yet, and asked of no client: ${names.join(", ")}.\n`;
}

export const write = (rows) => `# Clients

Libraries that others wrote sign people in at Latchkey's OpenID provider. Each is what npm has, in the version that the
table names, with no line changed. This page is written by the run that drives them; CI runs it, and fails when a
client does not do what stands here.

| client | version | kind of application | what it does | works |
|---|---|---|---|---|
${rows.map(row).join("\n")}
${missing()}
What is common to all: discovery from the issuer, the authorization code flow with PKCE (S256), and consent, asked once,
where the application is not one of your own (\`firstParty\`).

## A client of your own

An admin registers the application, within 5 minutes of signing in:

\`\`\`sh
curl -X PUT https://auth.example.com/v1/clients/single-page-app -H "authorization: Bearer $ADMIN" \\
  -H 'content-type: application/json' \\
  -d '{"name":"Single-page app","redirectUris":["https://app.example.com/"],
       "postLogoutRedirectUris":["https://app.example.com/"],"confidential":false,"firstParty":true}'
\`\`\`

The library takes the issuer, the client id and a redirect URI. An application on a server registers with
\`"confidential":true\`, and takes the \`clientSecret\` that the answer shows this once, too. One on a desk or a phone
registers \`http://127.0.0.1/callback\`, and may listen on any port there, or a scheme of its own such as
\`com.example.app:/callback\`.

## A single-page application in 30 lines

[samples/single-page-app.html](samples/single-page-app.html) signs in, renews, and signs out, by oidc-client-ts. The run
above opens it in Chromium. Put \`oidc-client-ts.js\` (\`dist/esm\` of that package) and \`jwt-decode.js\`
(\`build/esm/index.js\` of the one that it needs) beside it, or leave both to your bundler; set \`authority\` to your
\`Issuer\`. The origin of the page has to be in \`AllowedOrigins\` of the stack, because a script asks for tokens there.

\`\`\`html
${readFileSync(SAMPLE, "utf8").trimEnd()}
\`\`\`

## Run it

\`.ci/browser\` installs the libraries, starts \`cargo local\` and drives everything in a browser, these at its end.
Against one that runs already:

\`\`\`sh
CLIENTS_WORK="$PWD/target/browser/clients" CLIENTS_API=http://localhost:9223 \\
  CLIENTS_INBOX=http://127.0.0.1:8224 CLIENTS_ADMIN=admin@example.com CLIENTS_PASSWORD=… node .ci/clients.mjs
\`\`\`

That writes this page. With \`--check\` it only says whether the page is as it should be; with words, such as
\`node .ci/clients.mjs passport\`, it drives the clients of that name and writes nothing.
`;
