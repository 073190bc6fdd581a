// What patients are told of their data, and a yes or a no: written and published, kept for a patient, and ended by one press.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, openMail, writeMail } from "../desk.js";
import { look, missed } from "../looks.js";

const TEXT = "We use your data to **take care of you**, to answer you, and to be paid.\n\n- You may see it.\n- You may ask us to correct it.";
const PERSON = "rosa.leaving@patients.example";

let desk;
let admin;
let visitor;

before(async () => {
  desk = await Desk.open();
  admin = await desk.colleague("administrator");
  visitor = await desk.visitor();
});
after(() => desk?.close());

test("a notice is written, looked at and published", async () => {
  await admin.goto("/settings/notices");
  assert.deepEqual(await look(admin, "notices-first"), []);
  await admin.getByRole("button", { name: "Begin a new version" }).click();
  await admin.waitForURL(/\/settings\/notices\/.+/);
  await admin.locator("#title_en").fill("How we use your data");
  await admin.locator("#body_en").fill(TEXT);
  // The demo's first version is in Spanish too; this one is not.
  await admin.locator("#title_es").fill("");
  await admin.locator("#body_es").fill("");
  await admin.locator("#changes_en").fill("This is our second notice.");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByRole("heading", { name: "How we use your data" }).waitFor();
  assert.deepEqual(await look(admin, "notice-draft"), []);
  await admin.getByRole("button", { name: "Publish this version" }).click();
  await admin.getByText("It counts from now on").waitFor();
  assert.deepEqual(await look(admin, "notices"), []);
});

test("everybody reads it, and the request form leads to it", async () => {
  await visitor.goto("/request");
  await visitor.getByRole("link", { name: "What we do with your data" }).click();
  await visitor.getByRole("heading", { name: "How we use your data" }).waitFor();
  assert.deepEqual(await look(visitor, "notice"), []);
  await visitor.goto("/notice?lang=es");
  assert.deepEqual(await look(visitor, "notice-other-language"), []);
});

test("a yes is kept for a patient with the words that they were read", async () => {
  await admin.goto("/ratings?days=90");
  await admin.locator(".said a").first().click();
  await admin.getByRole("list", { name: "Conversation" }).waitFor();
  await admin.locator("a[href^='/patients/']").first().click();
  await admin.waitForURL(/\/patients\//);
  await admin.goto(`${/\/patients\/[0-9a-f-]{36}/.exec(admin.url())[0]}/consents`);
  await admin.getByText("Keep that they were given it").click();
  await admin.getByRole("button", { name: "They were given it" }).click();
  await admin.getByText("They have version 2").waitFor();
  await admin.getByRole("link", { name: "Keep a yes or no" }).click();
  assert.deepEqual(await look(admin, "consent-new"), []);
  await admin.locator("#purpose").selectOption("research");
  await admin.getByRole("button", { name: "Show the text" }).click();
  await admin.locator("#text").waitFor();
  assert.deepEqual(await look(admin, "consent-new-text"), []);
  await admin.getByLabel("Yes", { exact: true }).check();
  await admin.locator("#source").selectOption("paper");
  await admin.getByRole("button", { name: "Keep it", exact: true }).click();
  await admin.getByText("Yes, they said so").waitFor();
  assert.deepEqual(await look(admin, "consents"), []);
});

test("one press ends the question how it went", async () => {
  const number = await writeMail(visitor, PERSON, "Rosa", "Hours", "When are you open?");
  await admin.goto(`/tickets/${number}`);
  await admin.locator("#f-status").selectOption("resolved");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  await openMail(visitor, PERSON, "settled", "Riverside");
  await visitor.goto(await visitor.getByRole("article").getByRole("link").last().getAttribute("href"));
  assert.deepEqual(await look(visitor, "leave"), []);
  await visitor.getByRole("button", { name: "No more: Questions about how it went" }).click();
  await visitor.getByText("It is done").waitFor();
  assert.deepEqual(await look(visitor, "leave-done"), []);
});

test("no page of it was missed", () => assert.deepEqual(missed("consents"), []));
