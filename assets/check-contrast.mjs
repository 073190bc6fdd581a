// Checks the contrast of every text/background pair of both themes (WCAG 2.2, 1.4.3 and 1.4.11),
// and that the two dark blocks say the same. Exits with 1 and a list when something fails.

import { readFileSync } from "node:fs";

const css = readFileSync(new URL("./src/css/tokens.css", import.meta.url), "utf8");

/** The custom properties of the block that starts with `selector`. */
function block(selector) {
  const start = css.indexOf("{", css.indexOf(selector));
  const body = css.slice(start + 1, css.indexOf("}", start));
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name, value]));
}

const themes = { light: block(":root {"), dark: block(':root[data-theme="dark"]') };
const problems = [];

const automatic = block(':root:not([data-theme="light"])');
if (JSON.stringify(automatic) !== JSON.stringify(themes.dark)) problems.push("the two dark blocks differ");

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ["paper", "surface", "sunken"];
const soft = ["accent-soft", "danger-soft", "warn-soft", "ok-soft", "info-soft"];
const text = [
  ...["text", "muted", "accent", "accent-strong", "danger", "warn", "ok", "info"].flatMap((ink) =>
    grounds.map((ground) => [ink, ground]),
  ),
  ...["text", "muted", "accent"].flatMap((ink) => soft.map((ground) => [ink, ground])),
  ...["accent", "danger", "warn", "ok", "info"].map((ink) => [ink, `${ink}-soft`]),
  ...[0, 1, 2, 3, 4, 5].map((hue) => ["text", `hue-${hue}`]),
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["on-crisis", "crisis"],
  ["paper", "text"],
];
const parts = [
  ...grounds.map((ground) => ["line-strong", ground]),
  ...[...grounds, ...soft].map((ground) => ["accent", ground]),
  ["danger", "surface"],
  ["warn", "warn-soft"],
];

for (const [name, theme] of Object.entries(themes)) {
  for (const [pairs, least] of [
    [text, 4.5],
    [parts, 3],
  ]) {
    for (const [ink, ground] of pairs) {
      const ratio = contrast(theme[ink], theme[ground]);
      // A colour that isn't hexadecimal gives NaN and fails too.
      if (!(ratio >= least)) problems.push(`${name}: ${ink} on ${ground} is ${ratio.toFixed(2)}, needs ${least}`);
    }
  }
}

for (const problem of problems) console.error(problem);
process.exit(problems.length ? 1 : 0);
