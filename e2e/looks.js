// How every page is looked at: in both themes, on a desk and on a phone, by axe and by a picture that is kept.

import { readFileSync } from "node:fs";
import { overflow, picture, violations } from "./desk.js";
import { breaks } from "./known.js";

/** Colours and widths. */
const LOOKS = [
  { colorScheme: "light", width: 1280 },
  { colorScheme: "dark", width: 1280 },
  { colorScheme: "dark", width: 390 },
  { colorScheme: "light", width: 390 },
];
const HEIGHT = 800;
/** The narrowest window that everything must fit into (WCAG 1.4.10). */
const NARROW = 320;

/** The paths of the pages that were shown and looked at, without their queries. */
const seen = new Set();

/** Looks at the open page, and gives back what is wrong with it: a line each. */
export async function look(page, name) {
  const broken = [];
  if ((await page.getByRole("heading", { level: 1 }).count()) !== 1) broken.push(`${name}: a page has one main heading`);
  for (const { colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: HEIGHT });
    await dressed(page, colorScheme);
    const where = `${name}-${colorScheme}-${width}`;
    await picture(page, where);
    const found = [...(await violations(page)), ...(await overflow(page))];
    broken.push(...found.filter(({ rule }) => !isKnown(name, rule)).map(({ line }) => `${where}: ${line}`));
  }
  await page.setViewportSize({ width: NARROW, height: HEIGHT });
  broken.push(...(await overflow(page)).map(({ line }) => `${name}-${NARROW}: ${line}`));
  await page.setViewportSize({ width: LOOKS[0].width, height: HEIGHT });
  // A page that tells of trouble is not the page that was asked for.
  const status = await page.evaluate(() => performance.getEntriesByType("navigation")[0].responseStatus);
  if (status === 200) seen.add(new URL(page.url()).pathname);
  return broken;
}

/** The page routes that `pages.json` leaves to the tests in `file` and that none of them has looked at. */
export function missed(file) {
  const { looked_at } = JSON.parse(readFileSync(new URL("./pages.json", import.meta.url), "utf8"));
  return looked_at[file].filter((route) => {
    const pattern = new RegExp(`^${route.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    return ![...seen].some((path) => pattern.test(path));
  });
}

const isKnown = (page, rule) => breaks.some((known) => known.page === page && known.rule === rule);

/**
 * Waits until the page wears the colours it was asked for. On a busy machine the browser may show some words in the theme
 * of before for a moment; styling everything anew ends that moment, as a visit to the page would.
 */
async function dressed(page, colorScheme) {
  await page.waitForFunction((dark) => matchMedia("(prefers-color-scheme: dark)").matches === dark, colorScheme === "dark");
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const root = document.documentElement;
    root.hidden = true;
    await frame();
    root.hidden = false;
    await frame();
    await frame();
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
  });
}
