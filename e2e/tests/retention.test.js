// What goes by age: a look, a decision that can be taken back, and a hold on the patient's page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk } from "../desk.js";
import { look, missed } from "../looks.js";

let desk;
let officer;

before(async () => {
  desk = await Desk.open();
  officer = await desk.colleague("compliance", {}, "/privacy/retention");
});
after(() => desk?.close());

test("a rule is looked at, decided and taken back", async () => {
  assert.deepEqual(await look(officer, "retention"), []);
  await officer.getByRole("link", { name: "Look and decide Requests that are done" }).click();
  await officer.getByLabel("Days", { exact: true }).fill("100");
  assert.deepEqual(await look(officer, "retention-rule"), []);
  await officer.getByRole("button", { name: "Look at what would go" }).click();
  await officer.getByRole("heading", { name: "Then, decide" }).waitFor();
  assert.deepEqual(await look(officer, "retention-looked"), []);
  await officer.getByRole("button", { name: "Have them go" }).click();
  await officer.getByText("It counts in 24 hours and can be taken back until then.").waitFor();
  assert.deepEqual(await look(officer, "retention-waits"), []);
  await officer.getByRole("button", { name: "Take it back" }).click();
  await officer.getByText("Taken back.").waitFor();
  await officer.getByRole("link", { name: "What went" }).click();
  await officer.getByRole("heading", { name: "Nothing ran yet" }).waitFor();
  assert.deepEqual(await look(officer, "retention-runs"), []);
});

test("a hold is placed on the patient's page", async () => {
  // Compliance opens no patient's page; whose record it is stands where it says who has seen it.
  const admin = await desk.colleague("administrator");
  await admin.goto("/ratings?days=90");
  await admin.locator(".said a").first().click();
  const patient = await admin.locator(".ticket-side a[href^='/patients/']").first().getAttribute("href");
  await officer.goto(`/privacy/seen/${patient.split("/").pop()}`);
  await officer.getByRole("link", { name: "Legal holds" }).click();
  await officer.getByLabel("Why", { exact: true }).selectOption("litigation");
  await officer.getByRole("button", { name: "Place a hold" }).click();
  await officer.getByText("The hold is on the record.").waitFor();
  assert.deepEqual(await look(officer, "patient-holds"), []);
});

test("every page of it was looked at", () => assert.deepEqual(missed("retention"), []));
