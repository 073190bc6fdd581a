// Everything a colleague does to a request, by plain forms: no script runs on the staff's side here.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, writeMail } from "../desk.js";

const PATIENT = { name: "Odile Marchbanks", email: "odile.marchbanks@mail.example" };

let desk;
let agent;
let admin;
let first;
let second;
let strange;

before(async () => {
  desk = await Desk.open();
  const mail = await desk.visitor();
  first = await writeMail(mail, PATIENT.email, PATIENT.name, "Appointment on Monday", "Can I come at nine instead of ten?");
  strange = await writeMail(mail, "someone.else@mail.example", "Someone Else", "A question", "When do you open on Friday?");
  agent = await desk.colleague("agent", { javaScriptEnabled: false });
  admin = await desk.colleague("administrator", { javaScriptEnabled: false });
});
after(() => desk?.close());

test("a clinic adds a field and a status of its own", async () => {
  await admin.goto("/settings/fields/new");
  await admin.getByLabel("Name (English)").fill("Room");
  await admin.getByLabel("Name (Español)").fill("Sala");
  await admin.getByLabel("Short name").fill("room");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
  await admin.goto("/settings/statuses/new");
  await admin.getByLabel("Name (English)").fill("Waiting for the pharmacy");
  await admin.getByLabel("Name (Español)").fill("Esperando a la farmacia");
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
});

test("a request of somebody who calls is written down", async () => {
  await agent.goto("/tickets/new");
  await agent.getByLabel("Their name").fill(PATIENT.name);
  await agent.getByLabel("Email address").fill(PATIENT.email);
  await agent.getByLabel("What they need").fill("Called again: what should she bring on Monday?");
  await agent.getByRole("button", { name: "Open request" }).dblclick();
  await agent.getByText("The request is open.").waitFor();
  second = /#(\d+)/.exec(await agent.locator(".crumbs").innerText())[1];
  // Nobody on the line was verified: what else they asked for is shown to whoever asks to see it.
  await agent.getByRole("button", { name: "Show", exact: true }).click();
  const others = agent.locator(".ticket-side .panel").filter({ hasText: "Other requests of this person" });
  assert.deepEqual(await others.getByRole("link").allInnerTexts(), ["Appointment on Monday"], "a double click opens one request");
});

test("somebody takes it and follows it", async () => {
  await agent.goto(`/tickets/${first}`);
  await agent.getByRole("button", { name: "Take it" }).click();
  assert.equal(await agent.getByRole("button", { name: "Take it" }).count(), 0);
  await agent.getByRole("button", { name: "Follow", exact: true }).click();
  await agent.getByRole("button", { name: "Stop following" }).waitFor();
  await agent.getByRole("link", { name: "Following" }).click();
  await agent.locator(`#t-${first}`).waitFor();
  assert.equal(await agent.locator(".ticket-row").count(), 1);
  await agent.goto(`/tickets/${first}`);
});

test("finer status, tags and the clinic's own field are kept", async () => {
  await agent.getByLabel("Status", { exact: true }).selectOption({ label: "Waiting for others" });
  await agent.getByLabel("Finer status").selectOption({ label: "Waiting for others: Waiting for the pharmacy" });
  await agent.getByLabel("Tags").fill("callback, interpreter");
  await agent.getByLabel("Room").fill("Two");
  await save();
  assert.equal(await agent.getByLabel("Tags").inputValue(), "callback, interpreter");
  assert.equal(await agent.getByLabel("Room").inputValue(), "Two");
  assert.match(await agent.getByLabel("Finer status").evaluate((select) => select.selectedOptions[0].textContent), /pharmacy/);
  await agent.getByLabel("Tags").fill("callback");
  await save();
  assert.equal(await agent.getByLabel("Tags").inputValue(), "callback");
});

test("what is wrong is said, and nothing typed in the answer is lost", async () => {
  await agent.getByLabel("Tags").fill("<script>");
  await agent.getByRole("button", { name: "Save" }).click();
  await agent.getByText("A tag has letters").waitFor();
});

test("it sleeps and wakes", async () => {
  await agent.goto(`/tickets/${first}`);
  await agent.getByText("Snooze", { exact: true }).first().click();
  await agent.locator("#f-snooze").selectOption({ label: "For 4 hours" });
  await agent.locator("form[action$='/snooze'] button").click();
  await agent.locator(".ticket-head").getByText("Snoozed until").waitFor();
  await agent.locator("#f-snooze").selectOption({ label: "Wake it up now" });
  await agent.locator("form[action$='/snooze'] button").click();
  await agent.getByText("woke this up").first().waitFor();
});

test("another request is linked, and one that does not exist is said kindly", async () => {
  await join(strange, "Link");
  await agent.getByRole("heading", { name: "Linked requests" }).waitFor();
  await join("999999", "Link");
  await agent.getByRole("link", { name: "There is no request with this number." }).waitFor();
  await agent.goto(`/tickets/${first}`);
  await join(strange, "Merge into it");
  await agent.getByRole("link", { name: "These requests are from different people." }).waitFor();
});

test("messages are split off", async () => {
  await agent.goto(`/tickets/${second}`);
  await write("A first answer.");
  await write("Something else altogether.");
  await agent.getByText("Split off", { exact: true }).first().click();
  await agent.locator("form[action$='/split'] input[type=checkbox]").last().check();
  await agent.locator("#f-split").fill("Something else");
  await agent.locator("form[action$='/split'] button").click();
  await agent.getByText("The new request is open.").waitFor();
  assert.equal(await agent.locator(".msg").filter({ hasText: "Something else altogether." }).count(), 1);
  await agent.goto(`/tickets/${second}`);
  assert.equal(await agent.locator(".msg").filter({ hasText: "Something else altogether." }).count(), 0);
});

test("one request goes into another, and both say so", async () => {
  await agent.goto(`/tickets/${second}`);
  await join(first, "Merge into it");
  await agent.waitForURL(`**/tickets/${first}`);
  await agent.locator(".event").filter({ hasText: `merged #${second} into this` }).waitFor();
  await agent.locator(".msg").filter({ hasText: "A first answer." }).waitFor();
  await agent.goto(`/tickets/${second}`);
  await agent.getByText("This request went into another one:").waitFor();
  assert.equal(await agent.locator("#composer").count(), 0, "nothing can be written where nobody reads");
});

test("scripted questions lead to a nurse, who keeps what was decided", async () => {
  const nurse = await desk.colleague("nurse", { javaScriptEnabled: false });
  await agent.goto("/tickets/new");
  await agent.getByLabel("Their name").fill("Gil Arden");
  await agent.getByLabel("Email address").fill("gil.arden@mail.example");
  await agent.getByLabel("Category").selectOption("symptom");
  await agent.getByLabel("What they need").fill("Twisted an ankle yesterday. It is a bit thick, and bears weight.");
  await agent.getByRole("button", { name: "Open request" }).click();
  await agent.getByText("The request is open.").waitFor();
  const here = new URL(agent.url()).pathname;
  const questions = agent.locator("#questions");
  if ((await questions.getAttribute("open")) === null) await questions.locator("summary").click();
  await questions.locator("#q-kind").selectOption("other");
  await questions.getByRole("button", { name: "Show these questions" }).click();
  for (const [question, answer] of [["Is the person awake and able to answer?", "Yes"], ["Is it hard to breathe?", "No"]]) {
    await questions.getByRole("group", { name: question }).getByLabel(answer, { exact: true }).check();
  }
  await questions.getByRole("button", { name: "Hand to a nurse" }).click();
  await agent.getByText("This was handed to a nurse.").waitFor();
  await agent.locator(".msg").filter({ hasText: /Is it hard to breathe\?\W*No/ }).waitFor();
  assert.equal(await agent.locator("#disposition").count(), 0, "whoever is no clinician decides nothing");

  await nurse.goto(here);
  await nurse.locator("#d-code").selectOption({ label: "Seen today" });
  await nurse.locator("#d-words").fill("Comes at four.");
  await nurse.getByRole("button", { name: "Record the disposition" }).click();
  await agent.goto(here);
  for (const page of [nurse, agent]) {
    await page.locator(".notice-ok").getByText("Disposition: Seen today").first().waitFor();
    await page.locator(".msg").filter({ hasText: "Comes at four." }).waitFor();
    assert.equal(await page.getByText("This was handed to a nurse.").count(), 0);
  }
});

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));

async function save() {
  await agent.getByRole("button", { name: "Save" }).click();
  await agent.getByText("Saved.").waitFor();
}

async function join(other, how) {
  await agent.getByText("Link or merge", { exact: true }).click();
  await agent.locator("#f-other").fill(other);
  await agent.getByRole("button", { name: how, exact: true }).click();
}

async function write(words) {
  await agent.locator("#body").fill(words);
  await agent.locator("#composer .composer-foot > button").click();
  await agent.locator(".msg").filter({ hasText: words }).waitFor();
}
