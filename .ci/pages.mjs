// The pages as people use them, against `cargo local`: in Chromium, with a virtual authenticator. Axe looks at every
// page, on a phone and on a desk, light and dark. Headers, policy, address and console are looked at, too.
import { attacks, weight } from "./pages/attacks.mjs";
import { habits } from "./pages/habits.mjs";
import { life } from "./pages/life.mjs";
import { plain } from "./pages/plain.mjs";
import { checks, end } from "./pages/site.mjs";
import { tour } from "./pages/tour.mjs";

const CHAPTERS = {
  "the life of an account": life,
  "every page in English": () => tour("en"),
  "every page in German": () => tour("de"),
  "every page in Spanish": () => tour("es"),
  "without script": plain,
  "clicked twice, gone back, left open": habits,
  "other sites": attacks,
  "the first visit": weight,
};

try {
  const only = process.argv.slice(2);
  for (const [name, chapter] of Object.entries(CHAPTERS)) {
    if (only.length && !only.some((word) => name.includes(word))) continue;
    console.log(`${name}:`);
    await chapter();
  }
  console.log(`${checks} things seen on the pages`);
} finally {
  await end();
}
