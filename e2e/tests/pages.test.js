// Every page of the staff: nothing in it breaks WCAG 2.2 AA, in light and dark, on a desk and on a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk } from "../desk.js";
import { look, missed } from "../looks.js";

const PAGES = {
  "demo-mail": { path: "/demo/mail", visitor: true },
  "demo-letter": { path: "/demo/mail", visitor: true, then: openLetter },
  inbox: { path: "/inbox" },
  "inbox-mine": { path: "/inbox/mine" },
  "inbox-following": { path: "/inbox/following" },
  "inbox-done": { path: "/inbox/done" },
  "inbox-crisis": { path: "/inbox/crisis" },
  "inbox-queue": { path: "/inbox", then: (page) => follow(page, "#sidebar a[href^='/inbox/queue/']") },
  ticket: { path: "/inbox", then: openFirst },
  verify: { path: "/inbox", then: openVerify },
  "verify-emergency": { path: "/inbox", then: openEmergency },
  representatives: { path: "/inbox", then: openRepresentatives },
  exceptions: { path: "/inbox", then: openReviews },
  "inbox-tag": { path: "/inbox", then: openTag },
  "new-request": { path: "/tickets/new" },
  search: { path: "/search", then: (page) => searchFor(page, "appointment", "#ticket-list") },
  "search-nothing": { path: "/search", then: (page) => searchFor(page, "zyzzyva", ".empty") },
  patients: { path: "/patients" },
  ratings: { path: "/ratings?days=90" },
  patient: { path: "/ratings?days=90", then: openPatient },
  "patient-edit": { path: "/ratings?days=90", then: editPatient },
  "patient-new": { path: "/patients/new" },
  password: { path: "/set-password" },
  account: { path: "/account" },
  confirm: { path: "/account/confirm?next=/settings/roles" },
  "second-factor": { path: "/account/second-factor" },
  settings: { path: "/settings" },
  ...Object.fromEntries(
    [
      ...["general", "hours", "mailboxes", "mailboxes/new", "templates", "templates/reply/en", "templates/resolved/es", "mails", "privacy"],
      ...["queues", "queues/new", "categories", "categories/billing", "sla", "sla/new", "replies", "replies/new"],
      ...["fields", "fields/new", "statuses", "statuses/new", "staff", "staff/new", "roles", "roles/new", "tokens", "tokens/new", "sso", "provisioning"],
    ].map((name) => [`settings-${name.replaceAll("/", "-")}`, { path: `/settings/${name}` }]),
  ),
  ...Object.fromEntries(
    ["mailboxes", "queues", "sla", "replies", "staff", "roles", "tokens"].map((name) => [
      `settings-${name}-one`,
      { path: `/settings/${name}`, then: (page) => follow(page, "main a.settings-row") },
    ]),
  ),
  audit: { path: "/audit" },
  access: { path: "/privacy/access" },
  "access-round": { path: "/privacy/access", then: (page) => follow(page, "main a.settings-row") },
  "audit-verify": { path: "/audit/verify" },
  "audit-verified": { path: "/audit/verify", then: verifyAudit },
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

for (const [name, { path, visitor: outside, then }] of Object.entries(PAGES)) {
  test(`${name} can be used by everybody`, async () => {
    const page = outside ? visitor : colleague;
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200);
    await then?.(page);
    assert.deepEqual(await look(page, name), []);
  });
}

test("no page of the staff was missed", () => assert.deepEqual(missed("staff"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));

/** Follows the first link that `selector` finds. */
async function follow(page, selector) {
  const link = page.locator(selector).first();
  const path = new URL(await link.getAttribute("href"), page.url()).pathname;
  await Promise.all([page.waitForURL((url) => url.pathname === path), link.click()]);
}

async function openLetter(page) {
  await page.goto("/demo/mail?person=rosa.visitor%40mail.example&name=Rosa");
  await page.getByLabel("Subject").fill("A question");
  await page.getByLabel("Message").fill("Do I have to bring my card?");
  await page.getByRole("button", { name: "Send" }).click();
  const answered = page.locator(".ticket-row").filter({ hasText: "We have your message" });
  await answered.first().getByRole("link").click();
  await page.getByRole("article").waitFor();
}

async function openFirst(page) {
  await page.locator(".ticket-link").first().click();
  await page.getByRole("list", { name: "Conversation" }).waitFor();
}

async function openVerify(page) {
  await openFirst(page);
  await follow(page, ".ticket-side a[href$='/verify']");
}

async function openEmergency(page) {
  await openVerify(page);
  await follow(page, "a[href*='/verify/emergency']");
}

async function openRepresentatives(page) {
  await openFirst(page);
  await follow(page, ".ticket-side a[href$='/representatives']");
}

async function openReviews(page) {
  await openVerify(page);
  await follow(page, "a[href*='/verify/emergency']");
  await page.getByLabel("Why it can't wait").selectOption("treatment");
  await page.getByLabel("In your own words").fill("The insulin is gone.");
  await page.getByRole("button", { name: "Open it for 60 minutes" }).click();
  await page.getByText("Open because of an emergency").waitFor();
  await page.goto("/reviews");
}

async function openTag(page) {
  await openFirst(page);
  await page.getByLabel("Tags").fill("callback");
  await page.getByRole("button", { name: "Save" }).click();
  await follow(page, ".ticket-head a[href^='/inbox/tag/']");
}

async function openPatient(page) {
  await page.locator(".said a").first().click();
  await page.getByRole("list", { name: "Conversation" }).waitFor();
  await follow(page, ".ticket-side a[href^='/patients/']");
}

async function editPatient(page) {
  await openPatient(page);
  await follow(page, "main a[href$='/edit']");
}

async function searchFor(page, words, found) {
  await page.locator("#words").fill(words);
  await page.locator("form.search-page button").click();
  await page.locator(found).first().waitFor();
}

async function verifyAudit(page) {
  await page.locator("main form button").click();
  await page.locator("main .notice").first().waitFor();
}
