// Debian's Chromium, with nothing that calls home.
export const launch = ({ chromium }) =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update", "disable-sync"]
      .map((name) => `--${name}`),
  });
