// One request from its first word to the rating, as the patient and the clinic live it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Desk, openMail, picture, violations } from "../desk.js";

const PATIENT = { name: "Rosalind Okafor", email: "rosalind.okafor@mail.example" };
const QUESTION =
  "My bill of last month lists the marmalade-coloured walking frame twice, and I have only the one. Could you have a look at it, please?";
const ANSWER = "We took the second one off your bill.";
const NOTE = "Checked with the storeroom.";
const COLLEAGUE = "Samira Lindgren";
const REPLY = "Thank you, that was quick. Do I get a new bill?";

let desk;
let patient;
let mail;
let agent;
let number;
let subject;
/** The first link of the mail that asks how it went. */
let link;
/** Ratings of the last 90 days before the patient's. */
let rated;

before(async () => {
  desk = await Desk.open();
  patient = await desk.visitor({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  mail = await desk.visitor();
  agent = await desk.colleague("agent");
});
after(() => desk?.close());

test("a patient writes by the form, without scripts, on a phone", async () => {
  await patient.goto("/request");
  await patient.getByLabel("What is it about?").selectOption({ label: "Billing" });
  await patient.getByLabel("Your name").fill(PATIENT.name);
  await patient.getByLabel("Your email").fill(PATIENT.email);
  // Typed as people type: the form does not believe anyone who is done at once.
  await patient.getByLabel("Your message").pressSequentially(QUESTION, { delay: 25 });
  await patient.getByRole("button", { name: "Send" }).click();
  await patient.getByRole("heading", { name: "We have your message" }).waitFor();
  number = /\d+/.exec(await patient.getByText("Your number:").innerText())?.[0];
  assert.ok(number, "the page tells the number");
  await picture(patient, "thanks-light-390");
});

test("an agent finds it in the inbox and opens it", async () => {
  await agent.goto("/inbox");
  const row = agent.locator(`#t-${number}`);
  const older = agent.getByRole("link", { name: "Next" });
  await agent.locator("#ticket-list").waitFor();
  while ((await row.count()) === 0) {
    assert.ok(await older.count(), "the request stands in the inbox");
    await Promise.all([agent.waitForURL((url) => url.href !== agent.url()), older.click()]);
  }
  await row.getByRole("link").click();
  await agent.waitForURL(`**/tickets/${number}`);
  await messages(agent, QUESTION).waitFor();
  subject = await agent.getByRole("heading", { level: 1 }).innerText();
});

/** What a file of this name holds when it is saved. */
async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
  return readFile(await download.path(), "utf8");
}

test("the agent answers with bold words and a file", async () => {
  const words = agent.getByLabel("Your answer");
  await words.fill(ANSWER);
  await words.selectText();
  await agent.getByRole("button", { name: "Bold" }).click();
  await agent.locator("#composer input[type=file]").setInputFiles({
    name: "new-bill.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("Walking frame: one.\n"),
  });
  await agent.getByRole("button", { name: "Send", exact: true }).click();
  const message = messages(agent, ANSWER);
  await message.waitFor();
  assert.equal(await message.locator("strong, b").filter({ hasText: ANSWER }).count(), 1);
  await message.getByRole("link", { name: "new-bill.txt" }).waitFor();
});

test("the agent leaves a note for colleagues", async () => {
  await agent.locator(".composer-kind").getByText("Internal note").click();
  await agent.locator("#body").fill(NOTE);
  await agent.getByRole("button", { name: "Add note" }).click();
  await messages(agent, NOTE).waitFor();
});

test("the agent gives it to somebody and changes its status", async () => {
  await agent.locator("#f-assignee").selectOption({ label: COLLEAGUE });
  await setStatus(agent, "Waiting for others");
  assert.equal(await chosen(agent, "Assigned to"), COLLEAGUE);
  await picture(agent, "answered-light-1280");
});

test("the patient reads the answer in the mail and writes back", async () => {
  await openMail(mail, PATIENT.email, ANSWER, ANSWER);
  const body = await mail.getByRole("article").innerText();
  assert.ok(!body.includes(NOTE), "notes stay in the clinic");
  assert.equal(await mail.getByRole("article").locator("strong").filter({ hasText: ANSWER }).count(), 1);
  assert.equal(await saved(mail, "new-bill.txt"), "Walking frame: one.\n");
  await picture(mail, "letter-light-1280");
  await mail.getByLabel("Message").fill(REPLY);
  await mail.getByRole("button", { name: "Send" }).click();
  await mail.getByRole("heading", { name: `Mail of ${PATIENT.email}` }).waitFor();
  // The open page takes the reply up by itself.
  await messages(agent, REPLY).waitFor();
  await agent.reload();
  assert.equal(await messages(agent, REPLY).count(), 1);
  assert.notEqual(await chosen(agent, "Status"), "Waiting for others");
});

test("search finds it by a word of the patient", async () => {
  await agent.getByRole("searchbox", { name: "Search" }).first().fill("marmalade");
  await agent.keyboard.press("Enter");
  await agent.locator(`#t-${number}`).waitFor();
  assert.equal(await agent.locator(".ticket-row").count(), 1);
  await picture(agent, "found-light-1280");
  await agent.locator(`#t-${number}`).getByRole("link").click();
  assert.equal(await agent.getByRole("heading", { level: 1 }).innerText(), subject);
});

test("before it is settled, nobody has rated it", async () => {
  rated = await ratings();
  assert.equal(await agent.locator(".said").filter({ hasText: `#${number}` }).count(), 0);
  await agent.goto(`/tickets/${number}`);
});

test("when it is resolved, the patient is asked how it went", async () => {
  await setStatus(agent, "Resolved");
  await openMail(mail, PATIENT.email, "is settled", "How was our help?");
  const links = mail.getByRole("article").getByRole("link");
  assert.equal(await links.count(), 6, "five answers, and the end of such mails");
  assert.match(await links.last().getAttribute("href"), /\/u\//);
});

test("the patient rates it and is thanked, without scripts, on a phone", async () => {
  link = await mail.getByRole("article").getByRole("link").first().getAttribute("href");
  const answer = await patient.goto(link);
  assert.equal(answer.status(), 200);
  assert.ok(await patient.getByRole("radio", { name: "Very good" }).isChecked(), "the link chooses");
  await picture(patient, "rating-light-390");
  await mail.goto(link);
  assert.deepEqual((await violations(mail)).map(({ line }) => line), []);
  await patient.getByLabel("Do you want to tell us more?").fill("Quick and kind.");
  await patient.getByRole("button", { name: "Send" }).click();
  await patient.waitForURL("**/thanks*");
  await patient.getByText(/thank/i).first().waitFor();
  await picture(patient, "rated-light-390");
});

test("with scripts the click in the mail is enough, and what was said can be changed", async () => {
  await agent.goto(`/tickets/${number}`);
  const posts = [];
  mail.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  await mail.goto(link.replace(/score=\d/, "score=2"));
  await mail.evaluate(async () => {
    await customElements.whenDefined("bd-send-seen");
    await fetch(location.href);
  });
  assert.deepEqual(posts, [], "a browser that a program steers sends nothing by itself");
  assert.ok(await mail.getByRole("radio", { name: "Not good" }).isChecked());
  assert.equal(await said(), "Very good");

  const person = await desk.visitor();
  // What only a browser in somebody's hands says.
  await person.addInitScript(() => Object.defineProperty(Navigator.prototype, "webdriver", { get: () => false }));
  await person.goto(link.replace(/score=\d/, "score=4"));
  await person.waitForURL("**/thanks*");
  assert.equal(await said(), "Good");
  assert.deepEqual((await violations(person)).map(({ line }) => line), []);
  await picture(person, "rated-by-click-light-1280");
  await person.getByRole("link", { name: "Change it" }).click();
  await person.getByRole("radio", { name: "Good", exact: true }).waitFor();
  await person.getByRole("radio", { name: "Very good" }).check();
  await person.getByRole("button", { name: "Send" }).click();
  await person.waitForURL("**/thanks?score=5*");
  assert.equal(await said(), "Very good");
});

test("the rating is counted, and said on the request", async () => {
  assert.equal(await ratings(), rated + 1);
  const said = agent.locator(".said").filter({ hasText: `#${number}` });
  await said.getByText("Very good").waitFor();
  await said.getByText("Quick and kind.").waitFor();
  await said.getByRole("link").click();
  const panel = agent.locator(".ticket-side .panel").filter({ has: agent.getByRole("heading", { name: "How it went" }) });
  await panel.getByText("Quick and kind.").waitFor();
});

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));

const messages = (page, text) => page.locator("#timeline > .msg").filter({ has: page.locator(".msg-body").filter({ hasText: text }) });

const chosen = (page, label) => page.getByLabel(label, { exact: true }).evaluate((select) => select.selectedOptions[0].textContent);

async function setStatus(page, label) {
  await page.locator("#f-status").selectOption({ label });
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".ticket-head .chip").filter({ hasText: label }).waitFor();
}

/** How it went, as the request's page says it. */
async function said() {
  await agent.reload();
  const panel = agent.locator(".ticket-side .panel").filter({ has: agent.getByRole("heading", { name: "How it went" }) });
  return (await panel.locator("strong").innerText()).trim();
}

/** How many ratings of the last 90 days the clinic counts. */
async function ratings() {
  await agent.goto("/ratings?days=90");
  const answers = agent.locator(".figures > div").filter({ hasText: "Answers" }).locator("dd");
  return Number(await answers.innerText());
}
