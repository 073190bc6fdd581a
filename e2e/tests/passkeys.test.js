// A passkey on a device that the browser plays: added, named, and shown at the door, after a password and as a fresh proof.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { playAuthenticator } from "../authenticator.js";
import { Desk } from "../desk.js";
import { look, missed } from "../looks.js";

const PASSWORD = "a quiet walk by the river";

let desk;
let page;
let device;

before(async () => {
  desk = await Desk.empty();
  page = await desk.visitor();
  device = await playAuthenticator(page);
});
after(() => desk?.close());

const fine = async (name) => assert.deepEqual(await look(page, name), []);

async function signOut() {
  await page.goto("/inbox");
  await page.locator(".topbar .menu summary").last().press("Enter");
  await page.getByRole("button", { name: "Sign out" }).press("Enter");
  await page.getByText("You are signed out.").waitFor();
}

test("a passkey is the second factor that the role needs", async () => {
  await page.goto(new URL(desk.invitation).pathname);
  await page.getByRole("button", { name: "Sign in" }).press("Enter");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByLabel("The same password once more").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Use a passkey instead" }).press("Enter");
  await page.getByLabel("What you call it").waitFor();
  await fine("passkey-new");
  await device.touched(true);
  await page.getByLabel("What you call it").fill("Work phone");
  await page.keyboard.press("Enter");
  await page.locator(".codes").waitFor();
  await page.goto("/account");
  await page.getByText("Work phone").first().waitFor();
  await fine("account-passkey");
});

test("it gets another name", async () => {
  await page.getByText("Give it another name").press("Enter");
  await page.getByLabel("What you call it").fill("Blue phone");
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await page.getByText("The passkey has its new name.").waitFor();
  await page.getByText("Blue phone").first().waitFor();
});

test("it is shown after the password", async () => {
  await device.touched(false);
  await signOut();
  await fine("sign-in-passkey");
  await page.getByLabel("Email address").fill("alex@clinic.example");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText("I don't have the device with my passkey").waitFor();
  await fine("sign-in-code-passkey");
  await device.touched(true);
  await page.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await page.locator("#ticket-list").waitFor();
});

test("it proves once more who somebody is", async () => {
  await page.goto("/account/confirm?next=/account");
  await fine("confirm-passkey");
  await page.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await page.waitForURL("**/account");
});

test("it signs in by itself, without an address or a password", async () => {
  await device.touched(false);
  await signOut();
  await device.touched(true);
  await page.getByRole("button", { name: "Sign in with a passkey" }).press("Enter");
  await page.locator("#ticket-list").waitFor();
  await page.goto("/account");
  await page.getByText("with a passkey").first().waitFor();
});

test("a device that somebody can't unlock lets nobody in, and the page says so", async () => {
  await device.touched(false);
  await signOut();
  await device.unlocked(false);
  await device.touched(true);
  await page.getByRole("button", { name: "Sign in with a passkey" }).press("Enter");
  await page.getByText("Nothing came from your device.").waitFor();
});

test("without a script the password's form stands alone", async () => {
  const plain = await desk.visitor({ javaScriptEnabled: false });
  await plain.goto("/sign-in");
  await plain.getByLabel("Password").waitFor();
  assert.equal(await plain.getByRole("button", { name: "Sign in with a passkey" }).isVisible(), false);
});

test("no page of these was missed", () => assert.deepEqual(missed("passkeys"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
