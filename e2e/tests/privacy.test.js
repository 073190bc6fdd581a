// A privacy request: opened beside a patient's name, seen through by whoever has it on their list, down to the copy.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk } from "../desk.js";
import { look, missed } from "../looks.js";

const WORDS = "A copy of everything, please, by the end of the month if you can.";

let desk;
let admin;
let second;

before(async () => {
  desk = await Desk.open();
  admin = await desk.colleague("administrator");
  second = await desk.colleague("compliance", {}, "/privacy");
});
after(() => desk?.close());

test("it is opened from a request, whose number goes with it", async () => {
  await admin.goto("/ratings?days=90");
  await admin.locator(".said a").first().click();
  await admin.getByRole("list", { name: "Conversation" }).waitFor();
  await admin.getByRole("link", { name: "Open a privacy request" }).click();
  await admin.waitForURL(/\/patients\/.+\/privacy/);
  assert.notEqual(await admin.getByLabel("Request number").inputValue(), "");
  assert.deepEqual(await look(admin, "privacy-new"), []);
  await admin.getByLabel("A copy of the record").check();
  await admin.getByLabel("What they ask for, in words").fill(WORDS);
  await admin.getByRole("button", { name: "Open it" }).click();
  await admin.getByText("has it on their list").waitFor();
  await admin.getByRole("heading", { name: "Privacy requests" }).waitFor();
  assert.deepEqual(await look(admin, "privacy-patient"), []);
});

test("a second person says yes, and the copy is made", async () => {
  await second.goto("/privacy");
  await second.getByText("A copy of the record").waitFor();
  assert.deepEqual(await look(second, "privacy-list"), []);
  await second.getByRole("link", { name: "A copy of the record" }).click();
  await second.getByText(WORDS).waitFor();
  assert.deepEqual(await look(second, "privacy-open"), []);
  await second.getByRole("button", { name: "Yes, go on" }).click();
  await second.getByText("Your yes is noted").waitFor();

  await admin.goto(second.url());
  await admin.getByLabel("Granted", { exact: true }).check();
  await admin.getByRole("button", { name: "Decide" }).click();
  await admin.getByText("Decided. What comes next").waitFor();
  await admin.getByRole("button", { name: "Make a copy" }).click();
  await admin.getByText("It is being made").first().waitFor();
  for (let tries = 0; tries < 60 && !(await admin.getByRole("link", { name: "Download" }).count()); tries++) {
    await admin.waitForTimeout(500);
    await admin.reload();
  }
  assert.deepEqual(await look(admin, "privacy-copy"), []);
});

test("a record is destroyed by two people, and a certificate says so", async () => {
  await admin.locator("a[href^='/patients/']").first().click();
  await admin.waitForURL(/\/patients\//);
  await admin.getByRole("link", { name: "Open a privacy request" }).click();
  await admin.getByLabel("Erasure of the record").check();
  await admin.getByRole("button", { name: "Open it" }).click();
  await admin.getByRole("link", { name: "Erasure of the record" }).click();
  await second.goto(admin.url());
  await second.getByRole("button", { name: "Yes, go on" }).click();
  await second.getByText("Your yes is noted").waitFor();
  await admin.reload();
  await admin.getByLabel("Granted", { exact: true }).check();
  await admin.getByRole("button", { name: "Decide" }).click();
  await admin.getByRole("heading", { name: "Destroy the record" }).waitFor();
  assert.deepEqual(await look(admin, "privacy-erase"), []);
  await admin.getByLabel("I know that nobody can bring this back").check();
  await admin.getByRole("button", { name: "Destroy it" }).click();
  await admin.getByText("The record is destroyed.").waitFor();
  await admin.getByRole("link", { name: "Certificate of erasure" }).click();
  await admin.getByRole("heading", { name: "Certificate of erasure" }).waitFor();
  assert.deepEqual(await look(admin, "privacy-certificate"), []);
});

test("no page of it was missed", () => assert.deepEqual(missed("privacy"), []));
