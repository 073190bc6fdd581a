// A patient's own pages: in by a code, a passkey added and used, who has seen what, what they agreed to, out everywhere.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { playAuthenticator } from "../authenticator.js";
import { Desk, mailedCode } from "../desk.js";
import { look, missed } from "../looks.js";

const LINK = "https://maps.example/riverside?from=you";

let desk;
let page;
let mailbox;

before(async () => {
  desk = await Desk.open();
  page = await desk.visitor();
  mailbox = await desk.visitor();
});
after(() => desk?.close());

const fine = async (name) => assert.deepEqual(await look(page, name), []);

test("a code from the mail lets somebody in", async () => {
  await page.goto("/request");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("Your email").waitFor();
  await fine("my-sign-in-of-clinic");
  await page.goto("/my/sign-in");
  await fine("my-sign-in");
  await page.getByLabel("Your email").fill(desk.patient.email);
  await page.getByRole("button", { name: "Email me a code" }).click();
  await page.getByLabel("The code").waitFor();
  await fine("my-code");
  await page.getByLabel("The code").fill(await mailedCode(mailbox, desk.patient.email));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "My requests" }).waitFor();
  await fine("my");
});

test("a request is written and read", async () => {
  await page.getByRole("link", { name: "Write to us" }).click();
  await fine("my-new");
  await page.getByLabel("Your message").fill("When is my next visit?");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("When is my next visit?").first().waitFor();
  await page.goto(new URL(page.url()).pathname);
  await fine("my-request");
});

test("a link in an answer is followed by a page that says where it leads", async () => {
  const agent = await desk.colleague("agent");
  const number = /\d+/.exec(await page.getByText("Your number:").first().innerText())[0];
  await agent.goto(`/tickets/${number}`);
  await agent.getByLabel("Your answer").fill(`It is on Tuesday at ten. [How to get here](${LINK})`);
  await agent.getByRole("button", { name: "Send", exact: true }).click();
  await agent.locator("#timeline > .msg-staff").filter({ hasText: "on Tuesday at ten" }).waitFor();
  const link = page.locator("#timeline").getByRole("link", { name: "How to get here" });
  // It can be taken back for a moment, and is not there before.
  for (let tries = 0; tries < 120 && (await link.count()) === 0; tries++) {
    await page.waitForTimeout(250);
    await page.reload();
  }
  const there = await link.getAttribute("href");
  assert.match(there, /^\/my\/requests\/[^/]+\/links\/[^/]+\/0(\?|$)/);
  await page.goto(there);
  await page.getByRole("heading", { name: "This link leads to another site" }).waitFor();
  assert.equal(await page.locator("main code").first().innerText(), LINK);
  await fine("my-away");
  await page.getByRole("link", { name: "Back to your request" }).click();
  await page.locator("#timeline").getByText("on Tuesday at ten").waitFor();
});

test("who has seen it, and what the law gives", async () => {
  await page.goto("/my/seen");
  await fine("my-seen");
  await page.goto("/my/privacy");
  await fine("my-privacy");
  await page.getByLabel("A copy of my record to take away").check();
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("We answer by").first().waitFor();
});

test("the notice is read, and a no takes one press", async () => {
  await page.goto("/my");
  await page.getByRole("link", { name: "Read the notice" }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await fine("my-notice");
  await page.getByRole("button", { name: "I have read it" }).click();
  await page.getByText("We noted that you have read it").waitFor();
  await page.goto("/my");
  assert.equal(await page.getByRole("link", { name: "Read the notice" }).count(), 0);
  await page.goto("/my/consents");
  await fine("my-consents");
  await page.getByRole("button", { name: "No: Questions about how it went" }).click();
  await page.getByText("We keep to your no from now on").waitFor();
  await page.goto("/my/consents");
  await page.getByRole("button", { name: /^Yes\. Mail: / }).click();
  await page.getByText("We keep your yes").waitFor();
  await page.getByRole("button", { name: "No to everything" }).click();
  await page.getByText("nothing except answers to what you ask").first().waitFor();
  await page.goto("/my/consents");
  await fine("my-consents-nothing");
});

test("the page for a passkey asks the device", async () => {
  const device = await playAuthenticator(page);
  await device.touched(true);
  await page.goto("/my/devices");
  await fine("my-devices");
  await page.getByRole("link", { name: "Add a passkey" }).click();
  await page.getByLabel("What you call it").waitFor();
  await fine("my-passkey");
  await page.getByLabel("What you call it").fill("My phone");
  await page.getByRole("button", { name: "Make the passkey" }).click();
  // The demo keeps none: its patient is everybody's.
  await page.getByRole("alert").waitFor();
  // The device has made one all the same, and would answer with it by itself on the next page that offers to sign in.
  await device.remove();
});

test("a page that nobody touches goes when the session does, and unsent words stay", async () => {
  await page.clock.install();
  await page.goto("/my/requests/new");
  await page.getByLabel("Your message").fill("One more question");
  await page.clock.fastForward("01:00:01");
  await page.locator(".my-nav").waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Your message").inputValue(), "One more question");
  await page.goto("/my");
  await page.getByRole("heading", { name: "My requests" }).waitFor();
  // Another page of this browser that is asked for keeps this one in sight.
  const idle = Number(await page.locator("[data-idle]").getAttribute("data-idle"));
  await page.clock.fastForward((idle - 5) * 1000);
  const other = await page.context().newPage();
  await other.goto("/my");
  await other.getByRole("heading", { name: "My requests" }).waitFor();
  await page.clock.fastForward(10 * 1000);
  assert.equal(await page.locator(".my-nav").count(), 1);
  await other.close();
  // And then it goes. The desk's own clock stood still, so the person is in all the same.
  await page.clock.fastForward((idle + 1) * 1000);
  await page.waitForURL("**/my/sign-in**");
  await page.clock.resume();
});

test("a page that comes into sight after its session keeps unsent words", async () => {
  const over = (route) => (route.request().method() === "HEAD" ? route.fulfill({ status: 401 }) : route.continue());
  const seen = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.route("**/my", over);
  await page.goto("/my/requests/new");
  await page.getByLabel("Your message").fill("One more question");
  await seen();
  await page.locator(".my-nav").waitFor({ state: "detached" });
  await seen();
  assert.equal(await page.getByLabel("Your message").inputValue(), "One more question");
  // Without words nothing stays.
  await page.getByLabel("Your message").fill("");
  await seen();
  await page.waitForURL("**/my/sign-in**");
  await page.unroute("**/my", over);
});

test("out everywhere", async () => {
  await page.goto("/my/devices");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByText("You are signed out.").waitFor();
  await page.goto("/my");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("no page of these was missed", () => assert.deepEqual(missed("portal"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
