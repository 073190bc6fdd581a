// A restricted record: a colleague is kept from it, opens it for a reason, and somebody else signs that off.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk } from "../desk.js";
import { look, missed } from "../looks.js";

const WHY = "She called back and I am to read her the time of her visit.";

const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  "base64",
);

let desk;
let admin;
let agent;
let record;

before(async () => {
  desk = await Desk.open();
  admin = await desk.colleague("administrator");
  agent = await desk.colleague("agent");
});
after(() => desk?.close());

test("a label keeps a record from an agent, who can say why they need it", async () => {
  await admin.goto("/ratings?days=90");
  await admin.locator(".said a").first().click();
  await admin.getByRole("list", { name: "Conversation" }).waitFor();
  await admin.locator(".ticket-side a[href^='/patients/']").first().click();
  await admin.waitForURL(/\/patients\//);
  record = new URL(admin.url()).pathname;
  await admin.getByLabel("Works here").check();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  assert.equal(await admin.getByLabel("Works here").isChecked(), true);

  assert.equal((await agent.goto(record)).status(), 403);
  assert.deepEqual(await look(agent, "restricted-refused"), []);
  await agent.getByRole("link", { name: "Open this record" }).click();
  await agent.waitForURL(/\/restricted\//);
  assert.deepEqual(await look(agent, "restricted"), []);
  await agent.getByLabel("The patient asked me to").check();
  await agent.getByLabel("In your own words").fill(WHY);
  await agent.getByRole("button", { name: "Open this record" }).click();
  await agent.waitForURL((url) => url.pathname === record);
  await agent.getByText("Open to you for 60 minutes").waitFor();
  await agent.getByRole("heading", { name: "Details" }).waitFor();
});

test("somebody else signs it off", async () => {
  await admin.goto("/reviews");
  await admin.getByText(WHY).waitFor();
  assert.deepEqual(await look(admin, "reviews"), []);
  await admin.getByRole("button", { name: "This needs following up" }).click();
  await admin.getByRole("link", { name: "Say in the note what happens next." }).waitFor();
  await admin.getByLabel("Note").fill("Fine: the patient says so too.");
  await admin.getByRole("button", { name: "That was right" }).click();
  await admin.getByText("Nothing waits").waitFor();
  assert.deepEqual(await look(admin, "reviews-signed"), []);
});

test("who has seen it is told, and what was given to others", async () => {
  assert.equal((await admin.goto("/privacy/looks")).status(), 200);
  assert.deepEqual(await look(admin, "privacy"), []);
  await admin.goto("/privacy/watch");
  await admin.getByRole("button", { name: "Look now" }).click();
  await admin.getByText("The log was looked through.").waitFor();
  assert.deepEqual(await look(admin, "watch"), []);
  await admin.goto("/privacy/seen");
  assert.deepEqual(await look(admin, "seen-find"), []);
  await admin.goto(record);
  await admin.getByRole("link", { name: "Record a disclosure" }).click();
  await admin.waitForURL(/\/disclosure$/);
  assert.deepEqual(await look(admin, "disclosure-new"), []);
  await admin.getByLabel("What allows it").selectOption("court");
  await admin.getByLabel("To whom").fill("County court");
  await admin.getByLabel("What was given").fill("The letters of May.");
  await admin.getByLabel("What it was for").fill("An order of the court.");
  await admin.getByRole("button", { name: "Record it" }).click();
  await admin.getByRole("link", { name: "Who has seen it" }).click();
  await admin.waitForURL(/\/privacy\/seen\//);
  await admin.getByText("Opened the restricted record for a reason").waitFor();
  assert.deepEqual(await look(admin, "seen"), []);
  await admin.getByRole("link", { name: "For the patient" }).click();
  await admin.waitForURL(/\/letter$/);
  assert.deepEqual(await look(admin, "seen-letter"), []);
  await admin.goBack();
  await admin.getByRole("link", { name: "Given to others" }).click();
  await admin.getByText("County court").first().waitFor();
  assert.deepEqual(await look(admin, "disclosures"), []);
  await admin.getByRole("link", { name: "For the patient" }).click();
  await admin.waitForURL(/\/letter$/);
  assert.deepEqual(await look(admin, "disclosures-letter"), []);
});

test("a picture as it came is asked for with a reason", async () => {
  await agent.goto("/inbox");
  await agent.locator("a[href^='/tickets/1']").first().click();
  await agent.locator(".composer-kind").getByText("Internal note").click();
  await agent.locator("#body").fill("As the patient handed it in.");
  await agent.locator("#composer input[type=file]").setInputFiles({ name: "wound.png", mimeType: "image/png", buffer: PICTURE });
  await agent.getByRole("button", { name: "Add note" }).click();
  const original = agent.locator("#timeline a[href$='/original']");
  await original.waitFor();
  await agent.goto(await original.getAttribute("href"));
  await agent.getByLabel("It is evidence, or may become it").check();
  assert.deepEqual(await look(agent, "original"), []);
});

test("no page of it was missed", () => assert.deepEqual(missed("restricted"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
