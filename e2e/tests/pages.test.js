// Every main page: nothing in it breaks WCAG 2.2 AA, in light and dark, on a desk and on a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, overflow, picture, violations } from "../desk.js";
import { breaks } from "../known.js";

/** How pages are looked at: colours and width. */
const LOOKS = [
  { colorScheme: "light", width: 1280 },
  { colorScheme: "dark", width: 1280 },
  { colorScheme: "dark", width: 390 },
  { colorScheme: "light", width: 390 },
];
/** The narrowest window that everything must fit into (WCAG 1.4.10). */
const NARROW = 320;
const PAGES = {
  "sign-in": { path: "/sign-in" },
  request: { path: "/request" },
  "demo-mail": { path: "/demo/mail" },
  inbox: { path: "/inbox", staff: true },
  ticket: { path: "/inbox", staff: true, then: openFirst },
  "new-request": { path: "/tickets/new", staff: true },
  search: { path: "/search", staff: true, then: searchSomething },
  patients: { path: "/patients", staff: true },
  "inbox-done": { path: "/inbox/done", staff: true },
  ratings: { path: "/ratings?days=90", staff: true },
  patient: { path: "/ratings?days=90", staff: true, then: openPatient },
  "patient-new": { path: "/patients/new", staff: true },
  password: { path: "/set-password", staff: true },
  settings: { path: "/settings", staff: true },
  ...Object.fromEntries(
    [
      ...["general", "hours", "mailboxes", "mailboxes/new", "templates", "templates/reply/en", "templates/resolved/es", "mails"],
      ...["queues", "queues/new", "categories", "categories/billing", "sla", "sla/new", "replies", "replies/new"],
      ...["fields", "fields/new", "statuses", "statuses/new", "staff", "staff/new", "tokens", "tokens/new"],
    ].map((name) => [`settings-${name.replaceAll("/", "-")}`, { path: `/settings/${name}`, staff: true }]),
  ),
  audit: { path: "/audit", staff: true },
  "audit-verify": { path: "/audit/verify", staff: true },
};

let desk;
let visitor;
let colleague;

before(async () => {
  desk = await Desk.open();
  visitor = await desk.visitor();
  colleague = await desk.colleague("administrator");
});
after(() => desk?.close());

for (const [name, { path, staff, then }] of Object.entries(PAGES)) {
  test(`${name} can be used by everybody`, async () => {
    const page = staff ? colleague : visitor;
    const broken = [];
    await page.setViewportSize({ width: LOOKS[0].width, height: 800 });
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200);
    await then?.(page);
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, "a page has one main heading");
    for (const { colorScheme, width } of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await dressed(page, colorScheme);
      const where = `${name}-${colorScheme}-${width}`;
      await picture(page, where);
      const found = [...(await violations(page)), ...(await overflow(page))];
      broken.push(...found.filter(({ rule }) => !isKnown(name, rule)).map(({ line }) => `${where}: ${line}`));
    }
    await page.setViewportSize({ width: NARROW, height: 700 });
    broken.push(...(await overflow(page)).map(({ line }) => `${name}-${NARROW}: ${line}`));
    assert.deepEqual(broken, []);
  });
}

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));

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

async function openFirst(page) {
  await page.locator(".ticket-link").first().click();
  await page.getByRole("list", { name: "Conversation" }).waitFor();
}

async function openPatient(page) {
  await page.locator(".said a").first().click();
  await page.getByRole("list", { name: "Conversation" }).waitFor();
  const known = page.locator(".ticket-side a[href^='/patients/']").first();
  await known.click();
  await page.waitForURL(/\/patients\/[0-9a-f-]{36}$/);
}

async function searchSomething(page) {
  await page.locator("#words").fill("appointment");
  await page.locator("form.search-page button").click();
  await page.locator("#ticket-list").waitFor();
}
