// An incident: opened, its list taken from the audit log, assessed by one and signed by another, its letters on paper.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk } from "../desk.js";
import { look, missed } from "../looks.js";

let desk;
let admin;
let officer;

before(async () => {
  desk = await Desk.open();
  admin = await desk.colleague("administrator");
  officer = await desk.colleague("compliance", {}, "/privacy/breaches");
});
after(() => desk?.close());

test("it is opened, and the log says whose data it was", async () => {
  // Something for the log to tell.
  await admin.goto("/ratings?days=90");
  await admin.locator(".said a").first().click();
  await admin.getByRole("list", { name: "Conversation" }).waitFor();
  await officer.goto("/privacy/breaches");
  assert.deepEqual(await look(officer, "breaches-none"), []);
  await officer.getByRole("link", { name: "Open an incident" }).click();
  await officer.getByLabel("A name for it").fill("A colleague's account in the wrong hands");
  await officer.getByLabel("Names", { exact: true }).check();
  await officer.getByLabel("What people wrote about their health").check();
  await officer.getByLabel("What happened").fill("Somebody used a colleague's session on a Sunday evening. It was found when she came back.");
  assert.deepEqual(await look(officer, "breach-new"), []);
  await officer.getByRole("button", { name: "Save" }).click();
  await officer.getByText("The incident is open.").waitFor();
  assert.deepEqual(await look(officer, "breach-open"), []);
  await officer.locator("#actor").waitFor();
  const actors = await officer.locator("#actor option").count();
  const until = new Date(Date.now() + 26 * 3600 * 1000).toISOString().slice(0, 16);
  for (let actor = 1; actor < actors; actor++) {
    await officer.locator("#actor").selectOption({ index: actor });
    await officer.locator("#until").fill(until);
    await officer.getByRole("button", { name: "Look", exact: true }).click();
    await officer.getByText("The log names").waitFor();
    if (!(await officer.getByText("The log names 0 people").count())) break;
  }
  assert.deepEqual(await look(officer, "breach-answer"), []);
  await officer.getByRole("button", { name: "Take onto the list" }).click();
  await officer.getByText("The list is taken.").waitFor();
  await officer.getByRole("link", { name: "Put right what is known" }).click();
  assert.deepEqual(await look(officer, "breach-edit"), []);
  await officer.getByRole("button", { name: "Save" }).click();
});

test("one assesses it, another signs", async () => {
  for (const factor of ["nature", "who", "seen", "mitigated"]) {
    await officer.locator(`[name=risk_${factor}][value=medium]`).check();
    await officer.locator(`#${factor}`).fill("What is known so far speaks for it.");
  }
  await officer.getByLabel("A breach", { exact: true }).check();
  await officer.locator("#reasons").fill("It was seen, and nobody knows by whom.");
  await officer.getByRole("button", { name: "Hand to a second person" }).click();
  await officer.getByText("A second person has to sign now.").waitFor();
  await officer.getByText("Write it in English").click();
  for (const [name, words] of [["happened", "On a Sunday evening somebody used a colleague's session."], ["data", "Your name and what you wrote to us."],
    ["doing", "We ended the session and asked everybody for a second factor."], ["contact", "800 555 0100, privacy@clinic.example"]]) {
    await officer.locator(`#${name}-en`).fill(words);
  }
  await officer.locator("form[action$='/letter'] button").first().click();
  await officer.getByText("The letter is kept.").waitFor();
  const here = officer.url();
  await officer.getByRole("link", { name: "Look at it" }).click();
  assert.deepEqual(await look(officer, "breach-letter"), []);
  await admin.goto(here);
  assert.deepEqual(await look(admin, "breach-sign"), []);
  await admin.getByRole("button", { name: "Sign", exact: true }).click();
  await admin.getByText("Signed.", { exact: true }).waitFor();
  await officer.goto(here);
});

test("letters go on paper, and what was posted is kept", async () => {
  await officer.getByLabel("All on paper").check();
  await officer.getByLabel("Send to everybody").check();
  await officer.getByRole("button", { name: "Let them go" }).click();
  await officer.getByText("The letters are on their way.").waitFor();
  assert.deepEqual(await look(officer, "breach-sent"), []);
  const here = officer.url();
  await officer.getByRole("link", { name: "Print" }).first().click();
  await officer.getByText("We are sorry").waitFor();
  assert.deepEqual(await look(officer, "breach-print"), []);
  await officer.goto(here);
  await officer.getByRole("button", { name: "It is posted" }).first().click();
  await officer.getByText("Kept as posted.").waitFor();
  await officer.goto("/privacy/breaches");
  assert.deepEqual(await look(officer, "breaches"), []);
});

test("no page of it was missed", () => assert.deepEqual(missed("breaches"), []));
