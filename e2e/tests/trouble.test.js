// Coming in, and the pages that tell the staff of trouble: kind, with a way on, and for everybody.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { code, Desk } from "../desk.js";
import { look, missed } from "../looks.js";

let desk;
let visitor;
let agent;
let admin;

before(async () => {
  desk = await Desk.open();
  visitor = await desk.visitor();
  agent = await desk.colleague("agent");
  admin = await desk.colleague("administrator");
});
after(() => desk?.close());

async function fine(page, name, status = 200) {
  assert.equal(await page.evaluate(() => performance.getEntriesByType("navigation")[0].responseStatus), status);
  assert.ok(await page.locator("main :is(a, button)").count(), "a way on");
  assert.deepEqual(await look(page, name), []);
}

test("signing in, and with a wrong password", async () => {
  await visitor.goto("/sign-in");
  await fine(visitor, "sign-in");
  await visitor.getByLabel("Email address").fill("ana@riverside.example");
  await visitor.getByLabel("Password").fill("not this one at all");
  await visitor.keyboard.press("Enter");
  await visitor.locator(".error-summary").waitFor();
  await fine(visitor, "sign-in-wrong", 422);
  assert.equal(await visitor.getByLabel("Email address").inputValue(), "ana@riverside.example");
});

test("the link that a colleague was given, and one that works no more", async () => {
  await visitor.goto(desk.doors[0].link);
  await fine(visitor, "sign-in-link");
  await visitor.goto(`/sign-in/${"a".repeat(32)}`);
  await visitor.getByRole("button", { name: "Sign in" }).click();
  await visitor.locator("main .empty").waitFor();
  await fine(visitor, "sign-in-link-ended", 410);
});

test("signed out, the sign-in page says so", async () => {
  const page = await desk.colleague("nurse");
  await page.locator(".topbar .menu summary").last().click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  await fine(page, "sign-in-after");
});

test("a page whose session was ended elsewhere shows nothing any more", async () => {
  const page = await desk.colleague("nurse");
  await page.locator("#ticket-list").waitFor();
  const other = await desk.colleague("nurse", undefined, "/account");
  await other.getByRole("button", { name: "Sign out everywhere else" }).click();
  await other.locator(".notice, bd-toast").first().waitFor();
  // As when somebody comes back to the tab.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.waitForURL("**/sign-in");
  assert.equal(await page.locator("#ticket-list").count(), 0);
});

test("nothing of what was typed stays in the browser, and it is there again after a reload", async () => {
  const page = await desk.colleague("agent");
  await page.locator("#ticket-list a").first().click();
  const words = `Half a sentence ${Date.now()}`;
  await page.locator("#body").fill(words);
  // At once: before the draft that is kept while somebody pauses.
  await page.goto("/inbox");
  await page.goBack();
  await page.waitForFunction((expected) => document.querySelector("#body")?.value === expected, words);
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
});

test("a second factor can be tried in the demo, and keeps nobody out", async () => {
  const page = await desk.colleague("compliance", undefined, "/account");
  await page.goto("/account/second-factor");
  await page.getByText("it stays off").waitFor();
  const secret = await page.locator("input[name=secret]").inputValue();
  await page.getByLabel("Code that the app shows now").fill("000000");
  await page.keyboard.press("Enter");
  await page.locator(".error-summary").waitFor();
  await fine(page, "second-factor-wrong", 422);
  await page.getByLabel("Code that the app shows now").fill(code(secret));
  await page.keyboard.press("Enter");
  await page.getByText("In the demo the second factor stays off").waitFor();
  await desk.colleague("compliance", undefined, "/account");
});

test("a form that stood open while somebody signed in anew is told kindly", async () => {
  await admin.goto("/settings/queues/new");
  await admin.getByLabel("Name (English)").fill("Pharmacy");
  await admin.getByLabel("Name (Español)").fill("Farmacia");
  const other = await admin.context().newPage();
  await other.goto(desk.doors.find((door) => door.role === "administrator").link);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.locator("#ticket-list").waitFor();
  await other.close();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.locator("main .empty").waitFor();
  await fine(admin, "error-form", 403);
});

for (const [path, status] of [
  ["/tickets/999999", 404],
  ["/nowhere", 404],
  ["/settings", 403],
  ["/ratings?before=x", 422],
  ["/tickets/1/take", 405],
]) {
  test(`${path} is a kind page with a way on`, async () => {
    await agent.goto(path);
    await fine(agent, `error-${status}${path.replaceAll(/\W+/g, "-")}`, status);
  });
}

test("a request that a colleague changed meanwhile keeps what was typed", async () => {
  await agent.goto("/inbox");
  await agent.locator(".ticket-link").first().click();
  await agent.locator("#f-tags").waitFor();
  await admin.goto(agent.url());
  await admin.locator("#f-status").selectOption("waiting_on_third_party");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  await agent.locator("#f-tags").fill("callback");
  await agent.getByRole("button", { name: "Save" }).click();
  await agent.locator(".notice-warn[role=alert]").waitFor();
  assert.equal(await agent.locator("#f-tags").inputValue(), "callback");
  await fine(agent, "stale-request", 412);
});

test("a setting that a colleague changed meanwhile keeps what was typed", async () => {
  const other = await desk.colleague("administrator");
  await admin.goto("/settings/queues");
  await admin.locator("main a.settings-row").first().click();
  await admin.getByLabel("Name (English)").waitFor();
  await other.goto(admin.url());
  for (const [page, name] of [
    [other, "Front desk, first floor"],
    [admin, "Front desk, ground floor"],
  ]) {
    await page.getByLabel("Name (English)").fill(name);
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(page === other ? "bd-toast .toast" : ".error-summary").waitFor();
  }
  assert.equal(await admin.getByLabel("Name (English)").inputValue(), "Front desk, ground floor");
  await fine(admin, "stale-setting", 422);
});

test("no page of these was missed", () => assert.deepEqual(missed("trouble"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
