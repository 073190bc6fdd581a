// The staff's day without a mouse.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, writeMail } from "../desk.js";

const ANSWER = "I have looked it up for you.";

let desk;
let agent;

before(async () => {
  desk = await Desk.open();
  const mail = await desk.visitor();
  await writeMail(mail, "ed.quill@mail.example", "Ed Quill", "Opening hours", "When are you open on Friday?");
  await writeMail(mail, "una.brook@mail.example", "Una Brook", "Refill", "I need a refill of my tablets, please.");
  agent = await desk.colleague("agent");
});
after(() => desk?.close());

test("j and k walk through the inbox, what is due first stands first, and Enter opens", async () => {
  await agent.goto("/inbox");
  const due = await agent.locator(".ticket-row bd-time[kind=due]").evaluateAll((times) => times.map((time) => time.getAttribute("datetime")));
  const calm = await agent.locator(".ticket-row:not(:has(.chip-crisis)) bd-time[kind=due]").evaluateAll((times) => times.map((time) => time.getAttribute("datetime")));
  assert.ok(due.length > 2, "several requests are due");
  assert.deepEqual(calm, [...calm].sort(), "ordered by what is due");
  await agent.keyboard.press("j");
  await agent.keyboard.press("j");
  await agent.keyboard.press("k");
  const first = agent.locator(".ticket-link").first();
  assert.ok(await first.evaluate((link) => link === document.activeElement));
  await agent.keyboard.press("Enter");
  await agent.waitForURL("**/tickets/*");
});

test("r opens the composer, which is one line until then, and Ctrl+Enter sends", async () => {
  const composer = agent.locator("#composer");
  const closed = await composer.boundingBox();
  assert.ok(closed.height < 80, `one line, not ${closed.height} px`);
  await agent.keyboard.press("r");
  assert.ok(await agent.locator("#body").evaluate((area) => area === document.activeElement));
  await agent.getByRole("toolbar", { name: "Formatting" }).waitFor();
  await agent.keyboard.type(ANSWER);
  await agent.keyboard.press("Control+a");
  await agent.keyboard.press("Control+b");
  await agent.keyboard.press("Control+Enter");
  const message = agent.locator(".msg").filter({ hasText: ANSWER });
  await message.waitFor();
  assert.equal(await message.locator("strong, b").filter({ hasText: ANSWER }).count(), 1);
});

test("n writes a note, and what was typed survives a reload", async () => {
  await agent.keyboard.press("n");
  await agent.keyboard.type("Half a thought");
  await agent.locator("#composer input[value=note]:checked").waitFor({ state: "attached" });
  const kept = agent.waitForResponse((answer) => answer.url().endsWith("/draft"));
  await kept;
  await agent.reload();
  assert.equal(await agent.locator("#body").inputValue(), "Half a thought");
  assert.ok(await agent.locator("#composer input[value=note]").isChecked());
});

test("s writes down what they say, and never sends it", async () => {
  await agent.locator("h1").click();
  await agent.keyboard.press("s");
  await agent.locator("#composer input[value=said]:checked").waitFor({ state: "attached" });
  assert.equal(await agent.evaluate(() => document.activeElement.id), "body");
  await agent.locator("#body").fill("He asks whether Friday is fine as well.");
  assert.ok(await agent.getByRole("button", { name: "Write it down" }).isVisible());
  assert.ok(!(await agent.getByRole("button", { name: "Send", exact: true }).isVisible()));
  await agent.keyboard.press("Control+Enter");
  const told = agent.locator(".msg-patient").filter({ hasText: "He asks whether Friday" });
  await told.getByText("Written down by").waitFor();
});

test("? shows the keys and / goes to the search", async () => {
  await agent.locator("h1").click();
  await agent.keyboard.press("?");
  const keys = agent.getByRole("dialog");
  await keys.getByText("Keyboard", { exact: false }).first().waitFor();
  await agent.keyboard.press("Escape");
  await keys.waitFor({ state: "hidden" });
  await agent.keyboard.press("/");
  assert.ok(await agent.locator("[role=search] input").evaluate((input) => input === document.activeElement));
});

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
