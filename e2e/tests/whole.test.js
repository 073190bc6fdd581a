// One story through all of it: a caller is verified, a restricted record is opened for a reason, the compliance officer
// finds both, says what was given to others, and the patient is erased: from the desk, and from a backup of before.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Desk, mailedCode, writeMail } from "../desk.js";

/** Words that stand nowhere else. */
const CANARY = "quillonberry";
const WHY = "She is on the line and asks for the time of her visit.";

let desk;
let admin;
let agent;
let officer;
let record;
let ticket;
let patient;
/** What sealed the patient, before they were erased. */
let sealed;

before(async () => {
  desk = await Desk.open();
  admin = await desk.colleague("administrator");
  agent = await desk.colleague("agent");
  officer = await desk.colleague("compliance", {}, "/privacy");
});
after(() => desk?.close());

/** What the page says, all of it. */
const said = (page) => page.locator("body").innerText();

/** The first of the clinic's patients with all that one can ask a caller for, as they would know it of themselves: from their
 * record. Beside a request it stands only where nobody may be listening. */
async function somebody() {
  await admin.goto("/ratings?days=90");
  const links = await admin.locator(".said a").evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute("href")))]);
  for (const link of links) {
    await admin.goto(link);
    const side = admin.locator(".ticket-side");
    await side.waitFor();
    const of = side.locator("a[href^='/patients/']").first();
    if (!(await of.count())) {
      continue;
    }
    const record = (await of.getAttribute("href")).split("?")[0];
    const name = (await of.innerText()).trim();
    await admin.goto(record);
    const words = await admin.locator("main").innerText();
    const found = {
      born: words.match(/\d{4}-\d\d-\d\d/)?.[0],
      mrn: words.match(/[A-Z]{2}-\d{4,}/)?.[0],
      email: words.match(/[\w.+-]+@[\w.-]+\.\w+/)?.[0],
    };
    if (Object.values(found).every(Boolean)) {
      return { ...found, name, record };
    }
  }
  throw new Error("Nobody in the demo can be verified.");
}

/** Compares what a caller says. */
async function compare(name, born, mrn) {
  await agent.goto(`${ticket}/verify`);
  await agent.getByLabel("Full name of the patient").fill(name);
  await agent.getByLabel(/^Born/).fill(born);
  await agent.getByLabel("And one of these").selectOption({ label: "Record number" });
  await agent.getByLabel("What they say it is").fill(mrn);
  await agent.getByRole("button", { name: "Compare" }).first().click();
  await agent.waitForLoadState();
}

async function found(page, words) {
  await page.goto("/search");
  await page.getByRole("searchbox").last().fill(words);
  await page.locator("form.search-page button").click();
  await page.locator("#ticket-list, .empty").first().waitFor();
  return page.locator("#ticket-list").getByRole("link").count();
}

test("somebody writes, and a caller is verified as far as a code goes and no further", async () => {
  patient = await somebody();
  ({ record } = patient);
  const visitor = await desk.visitor();
  const number = await writeMail(visitor, patient.email, patient.name, "A question", `About the ${CANARY} on my bill.`);
  ticket = `/tickets/${number}`;

  await compare(patient.name, "1950-01-01", patient.mrn);
  assert.match(await said(agent), /could not be confirmed/i);
  assert.doesNotMatch(await said(agent), /Level 1/);
  await compare(patient.name, patient.born, patient.mrn);
  assert.match(await said(agent), /Level 1/);

  await agent.getByRole("button", { name: "Send a code" }).first().click();
  await agent.getByLabel("The code they tell you").waitFor();
  const code = await mailedCode(visitor, patient.email);
  await agent.getByLabel("The code they tell you").fill(code);
  await agent.getByRole("button", { name: "Compare" }).first().click();
  await agent.getByText("Level 2").first().waitFor();
  // The third level takes a call to the number on file, or a second person: not the word of whoever is on the line.
  await agent.getByText("Not yet:").waitFor();
  assert.match(await said(agent), /Not yet:.*copies of records/);
  assert.equal(await agent.getByRole("button", { name: "I reached them, and it was them" }).count(), 0);
});

test("a restricted record is opened for a reason", async () => {
  await admin.goto(record);
  await admin.getByLabel("Known to the public").check();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  assert.equal((await agent.goto(record)).status(), 403);
  await agent.getByRole("link", { name: "Open this record" }).click();
  await agent.getByLabel("The patient asked me to").check();
  await agent.getByLabel("In your own words").fill(WHY);
  await agent.getByRole("button", { name: "Open this record" }).click();
  await agent.getByText("Open to you for 60 minutes").waitFor();
});

test("the compliance officer finds all of it", async () => {
  await officer.goto("/reviews");
  await officer.getByText(WHY).waitFor();
  await officer.goto(`/privacy/seen/${record.split("/").pop()}`);
  await officer.getByText("Opened the restricted record for a reason").waitFor();
  await officer.getByText("Checked who is asking").first().waitFor();
});

test("what was given to others is written down and goes to the patient", async () => {
  await officer.goto(`/privacy/disclosures/${record.split("/").pop()}`);
  await officer.getByLabel("What allows it").selectOption("court");
  await officer.getByLabel("To whom").fill("County court");
  await officer.getByLabel("What was given").fill("The letters of May.");
  await officer.getByLabel("What it was for").fill("An order of the court.");
  await officer.getByRole("button", { name: "Record it" }).click();
  await officer.getByRole("link", { name: "For the patient" }).click();
  await officer.waitForURL(/\/letter$/);
  await officer.getByText("County court").first().waitFor();
});

test("erased, the patient is nowhere, nor in a backup of before", async () => {
  assert.ok(await found(admin, CANARY), "before, it is found");
  const id = record.split("/").pop();
  sealed = desk.kept(id);
  assert.equal(sealed.opened, patient.name, "before, they can be opened");
  assert.ok(sealed.keys.length > 0 && sealed.kept === sealed.keys.length && sealed.rows.messages > 0 && sealed.rows.patients > 0, JSON.stringify(sealed));
  const backup = desk.backup();

  // The second yes is that of somebody whom the label keeps out.
  await admin.goto(record);
  await admin.getByLabel("Known to the public").uncheck();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  await admin.goto(`${record}/privacy`);
  await admin.getByLabel("Erasure of the record").check();
  await admin.getByRole("button", { name: "Open it" }).click();
  await admin.getByRole("link", { name: "Erasure of the record" }).click();
  await officer.goto(admin.url());
  await officer.getByRole("button", { name: "Yes, go on" }).click();
  await officer.getByText("Your yes is noted").waitFor();
  await admin.reload();
  await admin.getByLabel("Granted", { exact: true }).check();
  await admin.getByRole("button", { name: "Decide" }).click();
  await admin.getByLabel("I know that nobody can bring this back").check();
  await admin.getByRole("button", { name: "Destroy it" }).click();
  await admin.getByText("The record is destroyed.").waitFor();

  await nowhere();
  const then = desk.kept(id, { file: backup });
  assert.equal(then.opened, patient.name, "the backup of before still holds them");
  assert.ok(then.kept === sealed.kept && then.rows.messages > 0, JSON.stringify(then));
  await desk.restore(backup);
  admin = await desk.colleague("administrator");
  await nowhere();
});

/** No key of theirs is left, and no row that names one of them. Neither a page, nor the search, nor a file knows of them. */
async function nowhere() {
  const gone = { keys: sealed.keys, kept: 0, rows: {}, opened: null };
  assert.deepEqual(desk.kept(record.split("/").pop(), { keys: sealed.keys }), gone);
  assert.equal((await admin.goto(record)).status(), 404);
  await admin.goto(ticket);
  const words = [CANARY, patient.name, patient.email, patient.mrn];
  const left = await said(admin);
  assert.match(left, /The words of this request are gone/, "what was done stays, without a word of theirs");
  assert.deepEqual(words.filter((word) => left.includes(word)), []);
  assert.equal(await found(admin, CANARY), 0);
  for (const file of readdirSync(desk.data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
    const bytes = readFileSync(join(file.parentPath, file.name));
    assert.ok(!words.some((word) => bytes.includes(word)), `${file.name} holds a word of theirs`);
  }
}

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
