// One story through all of it. An administrator sets up a role and single sign-on; an agent comes in by both and signs in with
// a passkey; a caller is verified as far as a code goes, and refused what takes a call back; a restricted record is opened for a
// reason; the compliance officer finds all of it, hands out the accounting, and erases the patient: from the desk, from a
// backup of before, and from the search.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { playAuthenticator } from "../authenticator.js";
import { Desk } from "../desk.js";
import { codeSentTo, startPost } from "../post.js";
import { signInAt, startProvider } from "../provider.js";

/** Words that stand nowhere else. */
const CANARY = "quillonberry";
const WHY = "She is on the line and asks for the time of her visit.";
const BUTTON = "Sign in with my clinic account";
const PASSWORD = "a quiet walk by the river";
const NEW_ADDRESS = "somewhere.else@mail.example";
const COPY = "Here are the copies of your record since May.";
/** What the agents' role may do, as its boxes say it. */
const MAY = [
  ...["See requests", "Open and answer requests", "See patients", "Add and change patients", "Open a restricted record for a reason"],
  ...["See addresses and telephone numbers", "See birth dates and record numbers", "See billing fields of requests"],
];
/** What the provider says of people. */
const PEOPLE = {
  ana: { name: "Ana Ferris", email: "ana.ferris@clinic.example", email_verified: true, groups: ["everybody", "call-desk"] },
  vera: { name: "Vera Lund", email: "vera.lund@clinic.example", email_verified: true, groups: ["everybody", "privacy-office"] },
};

let desk;
let post;
let provider;
let admin;
let agent;
let officer;
/** The devices of the administrator and of the agent. */
const keys = {};
let record;
let ticket;
let patient;
/** What sealed the patient, before they were erased. */
let sealed;

before(async () => {
  desk = await Desk.grown({ BEDSIDE_ALLOWED_DESTINATIONS: '["127.0.0.1"]', BEDSIDE_LOCAL_MAIL_SERVERS: "true" });
  post = await startPost();
  provider = await startProvider(desk.url, PEOPLE);
  [admin, agent, officer] = [await desk.visitor(), await desk.visitor(), await desk.visitor()];
  keys.admin = await playAuthenticator(admin);
  keys.agent = await playAuthenticator(agent);
});
after(async () => {
  await desk?.close();
  await provider?.close();
  await post?.close();
});

/** What the page says, all of it. */
const said = (page) => page.locator("body").innerText();

/** Saves the form of a setting. */
async function save() {
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
}

/** Keeps a passkey on the device of whoever has the page for it open. */
async function addsPasskey(page, key) {
  await page.getByLabel("What you call it").waitFor();
  await key.touched(true);
  await page.getByLabel("What you call it").fill("Work phone");
  await page.keyboard.press("Enter");
  await page.locator(".codes").waitFor();
}

/** Signs in anew with nothing but the device. */
async function signsInWith(page, key) {
  await key.touched(false);
  await page.context().clearCookies();
  await page.goto("/sign-in");
  await key.touched(true);
  // The browser may offer the passkey by itself, and be through before anybody presses.
  const asks = page.getByRole("button", { name: "Sign in with a passkey" });
  await asks.press("Enter", { timeout: 5000 }).catch(() => undefined);
  await page.locator("#ticket-list").waitFor();
}

/** Comes in by the organisation's own provider. */
async function comesAs(page, name) {
  await page.goto("/sign-in");
  await page.getByRole("link", { name: BUTTON }).click();
  await signInAt(page, name);
  await page.waitForURL((url) => url.origin === desk.url && !url.pathname.startsWith("/sign-in"), { waitUntil: "commit" });
}

/** Shows the device once more, as what is worth a second look asks for, and goes on at `next`. */
async function proves(page, next) {
  await page.goto(`/account/confirm?next=${next}`);
  await page.getByRole("button", { name: "Use a passkey" }).press("Enter");
  await page.waitForURL(`**${next}`);
  await page.locator("#ticket-list").waitFor();
}

/** The same for the officer, at the provider. */
async function officerProves(next) {
  await officer.goto(`/account/confirm?next=${next}`);
  await officer.getByRole("link", { name: "Sign in with your organisation's account once more" }).click();
  await signInAt(officer, "vera");
  await officer.waitForURL(`**${next}`);
}

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
    const place = (await of.getAttribute("href")).split("?")[0];
    const name = (await of.innerText()).trim();
    await admin.goto(place);
    const words = await admin.locator("main").innerText();
    const found = {
      born: words.match(/\d{4}-\d\d-\d\d/)?.[0],
      mrn: words.match(/[A-Z]{2}-\d{4,}/)?.[0],
      email: words.match(/[\w.+-]+@[\w.-]+\.\w+/)?.[0],
    };
    if (Object.values(found).every(Boolean)) {
      return { ...found, name, record: place };
    }
  }
  throw new Error("Nobody at this clinic can be verified.");
}

/** Compares what a caller says. */
async function compare(name, born, mrn) {
  await agent.goto(`${ticket}/verify`);
  await agent.getByLabel("Full name of the patient").fill(name);
  await agent.getByLabel(/^Born/).fill(born);
  await agent.getByLabel("And one of these").selectOption({ label: "Record number" });
  await agent.getByLabel("What they say it is").fill(mrn);
  await agent.getByRole("button", { name: "Compare" }).first().click();
}

async function found(page, words) {
  await page.goto("/search");
  await page.getByRole("searchbox").last().fill(words);
  await page.locator("form.search-page button").click();
  await page.locator("#ticket-list, .empty").first().waitFor();
  return page.locator("#ticket-list").getByRole("link").count();
}

test("an administrator comes in by an invitation, and keeps a passkey beside the password", async () => {
  await admin.goto(new URL(desk.invitation).pathname);
  await admin.getByRole("button", { name: "Sign in" }).press("Enter");
  await admin.getByLabel("New password").fill(PASSWORD);
  await admin.getByLabel("The same password once more").fill(PASSWORD);
  await admin.keyboard.press("Enter");
  await admin.locator("#ticket-list").waitFor();
  await admin.goto("/account/passkeys/new");
  await addsPasskey(admin, keys.admin);
});

test("mail goes out by the clinic's own server", async () => {
  await admin.goto("/settings/mailboxes");
  await admin.locator("main a.settings-row").first().click();
  await admin.locator("#smtp_port").fill(String(post.port));
  await save();
});

test("a role is set up that asks for a passkey", async () => {
  await admin.goto("/settings/roles");
  await admin.getByRole("link", { name: "Add a role" }).click();
  await admin.getByLabel("Name (English)").fill("Call desk");
  await admin.getByLabel("Name (Español)").fill("Llamadas");
  for (const words of MAY) await admin.getByLabel(`May: ${words}`, { exact: true }).check();
  await admin.locator("#second_factor").selectOption({ label: "A passkey" });
  await save();
  await admin.getByRole("link", { name: "Call desk" }).waitFor();
});

test("single sign-on gives the role to a group, and is tried", async () => {
  await admin.goto("/settings/sso");
  await admin.getByLabel("Address of the provider (issuer)").fill(provider.issuer);
  await admin.getByLabel("Client id").fill(provider.client_id);
  await admin.getByLabel("Client secret").fill(provider.client_secret);
  await admin.getByLabel("Words on the button").fill(BUTTON);
  await admin.getByLabel("Groups whose people are: Call desk").fill("call-desk");
  await admin.getByLabel("Groups whose people are: Compliance").fill("privacy-office");
  await admin.getByLabel("Make an account at the first sign-in").check();
  // They come in by a passkey of the desk's own as well.
  await admin.getByLabel("This is their only way in").uncheck();
  await admin.getByLabel("People can sign in this way").check();
  await save();
  await admin.getByRole("button", { name: "Try it" }).click();
  await admin.getByText("The provider answers and can be used.").waitFor();
});

test("an agent comes in by it, keeps the passkey that the role needs, and signs in with that alone", async () => {
  await comesAs(agent, "ana");
  await agent.waitForURL("**/account/passkeys/new");
  await addsPasskey(agent, keys.agent);
  await signsInWith(agent, keys.agent);
  await agent.goto("/account");
  await agent.getByText("with a passkey").first().waitFor();
  assert.equal((await agent.goto("/settings/roles")).status(), 403, "the role gives no more than it says");
});

test("somebody calls, and is verified as far as a code goes", async () => {
  patient = await somebody();
  ({ record } = patient);
  await agent.goto("/tickets/new");
  await agent.getByLabel("Their name").fill(patient.name);
  await agent.getByLabel("Email address").fill(patient.email);
  await agent.getByLabel("What they need").fill(`Asks about the ${CANARY} on the bill.`);
  await agent.getByRole("button", { name: "Open request" }).click();
  await agent.getByText("The request is open.").waitFor();
  ticket = new URL(agent.url()).pathname;
  assert.match(ticket, /^\/tickets\/\d+$/);

  await compare(patient.name, "1950-01-01", patient.mrn);
  await agent.getByText(/could not be confirmed/i).first().waitFor();
  assert.doesNotMatch(await said(agent), /Level 1/);
  await compare(patient.name, patient.born, patient.mrn);
  await agent.getByText("Level 1").first().waitFor();

  await agent.getByRole("button", { name: "Send a code" }).first().click();
  await agent.getByLabel("The code they tell you").waitFor();
  await agent.getByLabel("The code they tell you").fill(await codeSentTo(post, patient.email));
  await agent.getByRole("button", { name: "Compare" }).first().click();
  await agent.getByText("Level 2").first().waitFor();
});

test("without a call back to the number on file, no address changes and no records go out", async () => {
  assert.match(await said(agent), /Not yet:.*a new phone or email.*copies of records/);
  assert.equal(await agent.getByRole("button", { name: "I reached them, and it was them" }).count(), 0);

  await agent.locator("summary").filter({ hasText: "Change or add a phone or email" }).click();
  await agent.getByLabel("What is it?").selectOption("email");
  await agent.getByLabel("The new one").fill(NEW_ADDRESS);
  // Without the reason that somebody else looks at afterwards, for which the browser itself would ask.
  await agent.getByLabel("They are not verified far enough.").evaluate(({ form }) => {
    form.noValidate = true;
  });
  const [answer] = await Promise.all([
    agent.waitForResponse((one) => one.request().method() === "POST" && one.url().endsWith("/verify/address")),
    agent.locator("form[action$='/verify/address'] button").click(),
  ]);
  assert.equal(answer.status(), 409);
  await agent.locator(".error-summary").getByText("isn't verified far enough").waitFor();

  await agent.goto(ticket);
  await agent.getByLabel("Your answer").fill(COPY);
  await agent.locator("#class").selectOption("records");
  await agent.getByRole("button", { name: "Send", exact: true }).click();
  await agent.locator(".error-summary").getByText(/call back/i).waitFor();
  assert.equal(await agent.locator("#timeline").getByText(COPY).count(), 0);

  await admin.goto(record);
  const kept = await said(admin);
  assert.ok(kept.includes(patient.email) && !kept.includes(NEW_ADDRESS), "the addresses are those of before");
  await admin.goto(ticket);
  assert.equal(await admin.locator("#timeline").getByText(COPY).count(), 0);
  assert.ok(!post.letters.some((letter) => letter.words.includes(COPY) || letter.to.includes(NEW_ADDRESS)));
});

test("a restricted record is opened for a reason", async () => {
  await admin.goto(record);
  await admin.getByLabel("Known to the public").check();
  await save();
  await proves(agent, "/inbox");
  assert.equal((await agent.goto(record)).status(), 403);
  await agent.getByRole("link", { name: "Open this record" }).click();
  await agent.getByLabel("The patient asked me to").check();
  await agent.getByLabel("In your own words").fill(WHY);
  await agent.getByRole("button", { name: "Open this record" }).click();
  await agent.getByText("Open to you for 60 minutes").waitFor();
});

test("the compliance officer finds all of it", async () => {
  await comesAs(officer, "vera");
  await officer.goto("/reviews");
  await officer.getByText(WHY).waitFor();
  await officer.goto(`/privacy/seen/${record.split("/").pop()}`);
  await officer.getByText("Opened the restricted record for a reason").waitFor();
  await officer.getByText("Checked who is asking").first().waitFor();
  const all = [
    ["role.change", "Alex Admin", "Changed a role"],
    ["sso.change", "Alex Admin", "Changed single sign-on"],
    ["passkey.add", "Ana Ferris", "Added a passkey"],
    ["identity.check", "Ana Ferris", "Compared details of a patient"],
    ["patient.read&outcome=denied", "Ana Ferris", "Opened a patient"],
    ["restricted.open", "Ana Ferris", "Opened a restricted record for a reason"],
  ];
  for (const [action, who, words] of all) {
    await officer.goto(`/audit?action=${action}`);
    await officer.locator("tbody tr").filter({ hasText: who }).filter({ hasText: words }).first().waitFor();
  }
});

test("what was given to others is written down, and handed out as a letter and as a table", async () => {
  const accounting = `/privacy/disclosures/${record.split("/").pop()}`;
  await officerProves(accounting);
  await officer.getByLabel("What allows it").selectOption("court");
  await officer.getByLabel("To whom").fill("County court");
  await officer.getByLabel("Address").fill("12 Court Street");
  await officer.getByLabel("What was given").fill("The letters of May.");
  await officer.getByLabel("What it was for").fill("An order of the court.");
  await officer.getByRole("button", { name: "Record it" }).click();
  await officer.getByText("County court").first().waitFor();

  const [download] = await Promise.all([officer.waitForEvent("download"), officer.getByRole("link", { name: "CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "disclosures.csv");
  const lines = (await readFile(await download.path(), "utf8")).trimEnd().split("\r\n");
  const rows = lines.map((line) => line.slice(1, -1).split('","'));
  assert.ok(rows.length > 1 && rows.every((row) => row.length === rows[0].length), JSON.stringify(rows));
  const [, recipient, address, what, basis, purpose] = rows.find((row) => row[1] === "County court") ?? [];
  assert.deepEqual([recipient, address, what, purpose], ["County court", "12 Court Street", "The letters of May.", "An order of the court."]);
  assert.ok(basis, "what allows it stands there");

  await officer.getByRole("link", { name: "For the patient" }).click();
  await officer.waitForURL(/\/letter$/);
  await officer.getByText("County court").first().waitFor();
  await officer.goto("/audit?action=disclosure.export");
  await officer.locator("tbody tr").filter({ hasText: "Vera Lund" }).first().waitFor();
});

test("erased by two, the patient is nowhere, nor in a backup of before", async () => {
  assert.ok(await found(admin, CANARY), "before, it is found");
  const id = record.split("/").pop();
  sealed = desk.kept(id);
  assert.equal(sealed.opened, patient.name, "before, they can be opened");
  assert.ok(sealed.keys.length > 0 && sealed.kept === sealed.keys.length && sealed.rows.messages > 0 && sealed.rows.patients > 0, JSON.stringify(sealed));
  const backup = desk.backup();

  // The label keeps the officer out, who is to carry it out.
  await admin.goto(record);
  await admin.getByLabel("Known to the public").uncheck();
  await save();
  await officer.goto(`${record}/privacy`);
  await officer.getByLabel("Erasure of the record").check();
  await officer.getByRole("button", { name: "Open it" }).click();
  await officer.waitForURL(/\/privacy\/[0-9a-f-]{36}$/);
  const request = new URL(officer.url()).pathname;
  await admin.goto(request);
  await admin.getByRole("button", { name: "Yes, go on" }).click();
  await admin.getByText("Your yes is noted").waitFor();

  await officerProves(request);
  await officer.getByLabel("Granted", { exact: true }).check();
  await officer.getByRole("button", { name: "Decide" }).click();
  await officer.getByLabel("I know that nobody can bring this back").check();
  await officer.getByRole("button", { name: "Destroy it" }).click();
  await officer.getByText("The record is destroyed.").waitFor();

  await nowhere();
  const then = desk.kept(id, { file: backup });
  assert.equal(then.opened, patient.name, "the backup of before still holds them");
  assert.ok(then.kept === sealed.kept && then.rows.messages > 0, JSON.stringify(then));
  await keys.admin.touched(false);
  await desk.restore(backup);
  await signsInWith(admin, keys.admin);
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
