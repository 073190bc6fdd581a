// The first day of an administrator: a password, a second factor, and coming in with both, without a mouse.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { code, Desk } from "../desk.js";
import { look, missed } from "../looks.js";

const PASSWORD = "a quiet walk by the river";

let desk;
let page;
let recovery;

before(async () => {
  desk = await Desk.empty();
  page = await desk.visitor();
});
after(() => desk?.close());

const fine = async (name) => assert.deepEqual(await look(page, name), []);

async function typed(label, words) {
  await page.getByLabel(label, { exact: true }).fill(words);
  await page.keyboard.press("Enter");
}

test("a password is set after the invitation", async () => {
  await page.goto(new URL(desk.invitation).pathname);
  await page.getByRole("button", { name: "Sign in" }).press("Enter");
  await page.getByLabel("New password").fill("too short");
  await page.getByLabel("New password").evaluate((input) => input.removeAttribute("minlength"));
  await typed("The same password once more", "too short");
  await page.locator(".error-summary").waitFor();
  await fine("set-password-wrong");
  await page.getByLabel("New password").fill(PASSWORD);
  await typed("The same password once more", PASSWORD);
  await page.getByText("A code besides your password").first().waitFor();
});

test("a second factor is set up, as the role needs", async () => {
  const secret = await page.locator("input[name=secret]").inputValue();
  await typed("Code that the app shows now", code(secret));
  await page.locator(".codes").waitFor();
  await fine("recovery-codes");
  recovery = await page.locator(".codes code").allTextContents();
  await page.goto("/account");
  await fine("account-second-factor");
});

test("a new password asks for the one before", async () => {
  await page.goto("/account/confirm?next=/set-password");
  await page.getByLabel("Password").fill(PASSWORD);
  await typed("Code", recovery[0]);
  await page.getByLabel("New password").waitFor();
  await fine("set-password");
});

test("the password and a code let them in", async () => {
  await page.goto("/inbox");
  await page.locator(".topbar .menu summary").last().press("Enter");
  await page.getByRole("button", { name: "Sign out" }).press("Enter");
  await page.getByText("You are signed out.").waitFor();
  await page.getByLabel("Email address").fill("alex@clinic.example");
  await typed("Password", "not this one at all");
  await page.getByText("isn't right").first().waitFor();
  await typed("Password", PASSWORD);
  await page.getByLabel("Code", { exact: true }).waitFor();
  await fine("sign-in-code");
  await typed("Code", "000000");
  await page.locator(".error-summary").waitFor();
  await fine("sign-in-code-wrong");
  await page.getByText("I don't have my phone").press("Enter");
  await typed("Recovery code", "aaaa-bbbb-cccc-dddd");
  await page.locator("details[open] [aria-invalid]").waitFor();
  await fine("recovery-code-wrong");
  await typed("Recovery code", recovery[1]);
  await page.locator("#ticket-list").waitFor();
});

test("no page of these was missed", () => assert.deepEqual(missed("sign-in"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
