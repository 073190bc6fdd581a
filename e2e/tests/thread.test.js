// A clinic that keeps answers out of mails: the patient reads and writes behind a link, without scripts, on a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, openMail, picture, violations, writeMail } from "../desk.js";
import { look, missed } from "../looks.js";

const PATIENT = { name: "Ines Fairweather", email: "ines.fairweather@mail.example" };
const ANSWER = "Your vitamin D is fine, and nothing needs to be done.";
const LINK = "https://sun.example/vitamin-d?for=you";
const REPLY = "What a relief. Do I keep taking the drops?";

let desk;
let admin;
let mail;
let patient;
let number;
let link;

before(async () => {
  desk = await Desk.open();
  admin = await desk.colleague("administrator");
  mail = await desk.visitor();
  patient = await desk.visitor({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
});
after(() => desk?.close());

test("the clinic keeps answers out of mails", async () => {
  await admin.goto("/settings/general");
  await admin.getByLabel("Keep answers out of mails").check();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  assert.ok(await admin.getByLabel("Keep answers out of mails").isChecked());
});

test("the answer leaves as a link", async () => {
  number = await writeMail(mail, PATIENT.email, PATIENT.name, "My results", "Could you tell me how my vitamin D is?");
  await admin.goto(`/tickets/${number}`);
  await admin.getByText("goes behind a secure link").waitFor({ state: "attached" });
  await admin.getByLabel("Your answer").fill(`${ANSWER}\n\n[How much sun helps](${LINK})`);
  await admin.getByRole("button", { name: "Send", exact: true }).click();
  await admin.locator(".msg").filter({ hasText: ANSWER }).waitFor();
  await openMail(mail, PATIENT.email, "You have a message", "Riverside");
  const letter = mail.getByRole("article");
  assert.ok(!(await letter.innerText()).includes("vitamin"), "nothing private stands in the mail");
  link = await letter.getByRole("link").first().getAttribute("href");
});

test("looking at the link shows nothing before the button is pressed", async () => {
  await patient.goto(link);
  assert.ok(!(await patient.locator("body").innerText()).includes("vitamin"));
  await picture(patient, "link-light-390");
  await patient.locator("main").getByRole("button").click();
  await patient.locator("#timeline").getByText(ANSWER).waitFor();
  await picture(patient, "thread-light-390");
});

test("the patient answers with a file, and sees it in the thread", async () => {
  await patient.locator("#message").fill(REPLY);
  await patient.getByLabel("Files").setInputFiles({
    name: "drops.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("20 drops a day\n"),
  });
  await patient.getByRole("button", { name: "Send" }).click();
  const own = patient.locator(".msg-patient").filter({ hasText: REPLY });
  await own.getByRole("link", { name: "drops.txt" }).waitFor();
  assert.equal(await own.count(), 1);
  // Loading the page again sends nothing twice.
  await patient.reload();
  assert.equal(await own.count(), 1);
  await admin.locator(".msg").filter({ hasText: REPLY }).waitFor();
});

test("what the patient writes after the request was closed is a new one, and goes on in the same browser", async () => {
  const nurse = await desk.colleague("nurse");
  for (const status of ["resolved", "closed"]) {
    await nurse.goto(`/tickets/${number}`);
    await nurse.locator("#f-status").selectOption(status);
    await nurse.getByRole("button", { name: "Save" }).click();
    await nurse.getByText("Saved.").waitFor();
  }
  const late = "One more thing: can I take them in the evening?";
  await patient.locator("#message").fill(late);
  await patient.getByRole("button", { name: "Send" }).click();
  const notice = await patient.locator(".notice-ok").innerText();
  const opened = /number (\d+)/.exec(notice)[1];
  assert.notEqual(opened, number);
  await picture(patient, "thread-opened-light-390");
  await patient.locator(".msg-patient").filter({ hasText: late }).waitFor();
  await patient.locator("#message").fill("Or with breakfast?");
  await patient.getByRole("button", { name: "Send" }).click();
  await patient.locator(".msg-patient").filter({ hasText: "breakfast" }).waitFor();
  await nurse.goto(`/tickets/${opened}`);
  assert.equal(await nurse.locator(".msg").filter({ hasText: late }).count(), 1);
  await nurse.getByRole("link", { name: `#${number}` }).first().waitFor();
  // The closed one can still be read.
  await patient.goto(link);
  await patient.locator("#timeline").getByText(ANSWER).waitFor();
});

test("another browser is not let in, and is told kindly what to do", async () => {
  const other = await desk.visitor();
  const answer = await other.goto(link);
  assert.equal(answer.status(), 403);
  assert.ok(!(await other.locator("body").innerText()).includes("vitamin"));
  await other.locator("main").getByRole("button").waitFor();
  await picture(other, "elsewhere-light-1280");
  assert.deepEqual((await violations(other)).map(({ line }) => line), []);
  const unknown = await other.goto(`/t/${"a".repeat(32)}`);
  assert.equal(unknown.status(), 410);
  await picture(other, "ended-light-1280");
});

test("the thread can be used by everybody, in every light", async () => {
  const state = await patient.context().storageState();
  const seen = await desk.visitor({ storageState: state });
  const broken = [];
  for (const colorScheme of ["light", "dark"]) {
    await seen.emulateMedia({ colorScheme });
    for (const width of [1280, 390, 320]) {
      await seen.setViewportSize({ width, height: 844 });
      await seen.goto(link);
      await seen.locator("#timeline").getByText(ANSWER).waitFor();
      await picture(seen, `thread-${colorScheme}-${width}`);
      broken.push(...(await violations(seen)).map(({ line }) => `${colorScheme} ${width}: ${line}`));
      const beside = await seen.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (beside > 0) broken.push(`${colorScheme} ${width}: ${beside} px too wide`);
    }
  }
  assert.deepEqual(broken, []);
});

test("a link in the answer is followed by a page that says where it leads", async () => {
  const seen = await desk.visitor({ storageState: await patient.context().storageState() });
  await seen.goto(link);
  const there = await seen.locator("#timeline").getByRole("link", { name: "How much sun helps" }).getAttribute("href");
  assert.match(there, /^\/t\/\w+\/links\/[^/]+\/0\?lang=en$/);
  await seen.goto(there);
  await seen.getByRole("heading", { name: "This link leads to another site" }).waitFor();
  assert.equal(await seen.locator("main strong").first().innerText(), "sun.example");
  assert.equal(await seen.locator("main code").first().innerText(), LINK);
  assert.deepEqual(await look(seen, "away-thread"), []);
  await seen.getByRole("link", { name: "Back to your request" }).click();
  await seen.locator("#timeline").getByText(ANSWER).waitFor();
});

test("no page of it was missed", () => assert.deepEqual(missed("thread"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
