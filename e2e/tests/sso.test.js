// Single sign-on against a real provider: set up on its page, and used by people whose groups and address it vouches for.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { code, Desk } from "../desk.js";
import { look } from "../looks.js";
import { signInAt, startProvider } from "../provider.js";

const PASSWORD = "a quiet walk by the river";
const BUTTON = "Sign in with my clinic account";

/** What the provider says of people; a test changes it. */
const people = {
  ana: { name: "Ana Agent", email: "ana@clinic.example", email_verified: true, groups: ["everybody", "desk-agents"] },
  una: { name: "Una Unverified", email: "una@clinic.example", email_verified: false, groups: ["desk-agents"] },
  // One that says nothing of addresses, as Entra ID does.
  ada: { name: "Ada Administrator", groups: ["desk-admins"] },
};

/** The clinic as it ships, but that agents come in without a second factor of the desk's own: the provider asks for its. */
const clinic = join(mkdtempSync(join(tmpdir(), "bedside-e2e-clinic-")), "clinic");
function ownClinic() {
  cpSync(new URL("../../clinic", import.meta.url), clinic, { recursive: true });
  const roles = join(clinic, "roles.toml");
  writeFileSync(roles, readFileSync(roles, "utf8").replace("second_factor = true", "second_factor = false"));
  return clinic;
}

let desk;
let provider;
let admin;
let ana;

before(async () => {
  desk = await Desk.empty({ BEDSIDE_ALLOWED_DESTINATIONS: '["127.0.0.1"]', BEDSIDE_CLINIC: ownClinic() });
  provider = await startProvider(desk.url, people);
  admin = await desk.visitor();
});
after(async () => {
  await desk?.close();
  await provider?.close();
  rmSync(join(clinic, ".."), { recursive: true, force: true });
});

async function typed(page, label, words) {
  await page.getByLabel(label, { exact: true }).fill(words);
  await page.keyboard.press("Enter");
}

/** Presses the button of the sign-in page in a window of their own, and signs in at the provider as `name`. */
async function comesAs(name) {
  const page = await desk.visitor();
  await page.goto("/sign-in");
  await page.getByRole("link", { name: BUTTON }).click();
  await signInAt(page, name);
  return page;
}

test("an administrator comes in without it", async () => {
  await admin.goto(new URL(desk.invitation).pathname);
  await admin.getByRole("button", { name: "Sign in" }).press("Enter");
  await admin.getByLabel("New password").fill(PASSWORD);
  await typed(admin, "The same password once more", PASSWORD);
  const secret = await admin.locator("input[name=secret]").inputValue();
  await typed(admin, "Code that the app shows now", code(secret));
  await admin.locator(".codes").waitFor();
});

test("it is set up and tried on its page", async () => {
  await admin.goto("/settings");
  await admin.getByRole("link", { name: "Single sign-on" }).click();
  await admin.getByLabel("Address of the provider (issuer)").fill(provider.issuer);
  await admin.getByLabel("Client id").fill(provider.client_id);
  await admin.getByLabel("Client secret").fill(provider.client_secret);
  await admin.getByLabel("Words on the button").fill(BUTTON);
  await admin.getByLabel("Groups whose people are: Agent").fill("desk-agents");
  await admin.getByLabel("Make an account at the first sign-in").check();
  await admin.getByLabel("People can sign in this way").check();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  await admin.getByRole("button", { name: "Try it" }).click();
  await admin.getByText("The provider answers and can be used.").waitFor();
  assert.equal(await admin.getByLabel("Client secret").inputValue(), "", "the secret does not come back");
  assert.deepEqual(await look(admin, "settings-sso-set"), []);
});

test("somebody in the group comes in with the role it gives", async () => {
  const page = await desk.visitor();
  await page.goto("/sign-in");
  assert.deepEqual(await look(page, "sign-in-sso"), []);
  ana = await comesAs("ana");
  await ana.locator("#ticket-list").waitFor();
  assert.equal((await ana.goto("/settings")).status(), 403, "an agent sees no settings");
  await ana.goto("/account");
  await ana.getByText("with your organisation's account").first().waitFor();
  assert.deepEqual(await look(ana, "account-sso"), []);
});

test("signing in there once more proves who somebody is", async () => {
  await ana.goto("/account/confirm?next=/account/second-factor");
  assert.deepEqual(await look(ana, "confirm-sso"), []);
  await ana.getByRole("link", { name: "Sign in with your organisation's account once more" }).click();
  await signInAt(ana, "ana");
  await ana.waitForURL(/\/account\/second-factor$/);
  assert.equal(await ana.locator("input[name=secret]").count(), 1);
});

test("somebody whose address is not verified does not", async () => {
  const page = await comesAs("una");
  await page.getByText("You could not be signed in with this account").waitFor();
  assert.deepEqual(await look(page, "sign-in-sso-failed"), []);
  await page.goto("/inbox");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
});

test("somebody connects their account from inside and comes in with it", async () => {
  await admin.goto("/settings/sso");
  await admin.getByLabel("Groups whose people are: Administrator").fill("desk-admins");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  const before = await comesAs("ada");
  await before.getByText("You could not be signed in with this account").waitFor();
  await admin.goto("/account");
  assert.deepEqual(await look(admin, "account-sso-unconnected"), []);
  await admin.getByRole("button", { name: /^Connect my account at 127\.0\.0\.1/ }).click();
  await admin.getByRole("heading", { name: "Connect your account" }).waitFor();
  assert.deepEqual(await look(admin, "account-sso-connect"), []);
  await admin.getByRole("link", { name: /^Go on to 127\.0\.0\.1/ }).click();
  await signInAt(admin, "ada");
  await admin.getByText("Your account is connected.").waitFor();
  await admin.getByText(/^Connected with your account at 127\.0\.0\.1/).waitFor();
  assert.deepEqual(await look(admin, "account-sso-connected"), []);
  const page = await comesAs("ada");
  await page.getByLabel(/Code/).waitFor();
  assert.equal(new URL(page.url()).pathname, "/sign-in/code", "her second factor is asked for here too");
});

test("somebody whose group is gone is out at once", async () => {
  people.ana.groups = ["everybody"];
  const page = await comesAs("ana");
  await page.getByText("You could not be signed in with this account").waitFor();
  await ana.goto("/inbox");
  assert.equal(new URL(ana.url()).pathname, "/sign-in");
  await admin.goto("/audit");
  await admin.getByText("no_group").first().waitFor();
});

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
