// Somebody calls who says that they are a patient: what they have to say is not before the agent until they said it, or the
// agent asks to see it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, mailedCode } from "../desk.js";
import { look } from "../looks.js";

const HIDDEN = "Hidden until the caller is verified";

let desk;
let agent;
let ticket;
let caller;

before(async () => {
  desk = await Desk.open();
  agent = await desk.colleague("agent");
  caller = await somebody(await desk.colleague("administrator"));
});
after(() => desk?.close());

/** A patient with all that one can ask a caller for, as they would know it of themselves: from their record. */
async function somebody(admin) {
  await admin.goto("/ratings?days=90");
  const links = await admin.locator(".said a").evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute("href")))]);
  for (const link of links) {
    await admin.goto(link);
    const of = admin.locator(".ticket-side a[href^='/patients/']").first();
    if (!(await of.count())) continue;
    const name = (await of.innerText()).trim();
    await admin.goto(await of.getAttribute("href"));
    const words = await admin.locator("main").innerText();
    const found = {
      name,
      born: words.match(/\d{4}-\d\d-\d\d/)?.[0],
      mrn: words.match(/[A-Z]{2}-\d{4,}/)?.[0],
      email: words.match(/[\w.+-]+@[\w.-]+\.\w+/)?.[0],
    };
    if (Object.values(found).every(Boolean)) return found;
  }
  throw new Error("Nobody in the demo can be verified.");
}

const side = () => agent.locator(".ticket-side").innerText();

test("a call shows nothing that the caller has to say", async () => {
  await agent.goto("/tickets/new");
  await agent.getByLabel("Email address").fill(caller.email);
  await agent.locator("#body").fill("I have a question about my visit.");
  await agent.locator("main form button[type=submit]").last().click();
  await agent.waitForURL(/\/tickets\/\d+$/);
  ticket = new URL(agent.url()).pathname;
  const words = await side();
  for (const one of [caller.born, caller.mrn, caller.email]) assert.ok(!words.includes(one), one);
  assert.ok(words.includes(HIDDEN));
  assert.deepEqual(await look(agent, "live-l0"), []);
  await agent.locator(".ticket-side a[href^='/patients/']").first().click();
  await agent.waitForURL(/\/patients\/.*ticket=/);
  const record = await agent.locator("main").innerText();
  for (const one of [caller.born, caller.mrn, caller.email]) assert.ok(!record.includes(one), one);
  assert.deepEqual(await look(agent, "live-patient-l0"), []);
});

test("verifying shows it step by step", async () => {
  await agent.goto(ticket);
  await agent.getByRole("link", { name: "Verify first" }).click();
  await agent.getByLabel("Full name of the patient").fill(caller.name);
  await agent.getByLabel(/^Born/).fill(caller.born);
  await agent.getByLabel("And one of these").selectOption({ label: "Record number" });
  await agent.getByLabel("What they say it is").fill(caller.mrn);
  await agent.getByRole("button", { name: "Compare" }).first().click();
  await agent.getByText("Level 1").first().waitFor();
  await agent.goto(ticket);
  let words = await side();
  assert.ok(words.includes(caller.born) && words.includes(caller.mrn) && !words.includes(caller.email));
  assert.deepEqual(await look(agent, "live-l1"), []);

  await agent.goto(`${ticket}/verify`);
  await agent.getByRole("button", { name: "Send a code" }).first().click();
  await agent.getByLabel("The code they tell you").waitFor();
  const code = await mailedCode(await desk.visitor(), caller.email);
  await agent.getByLabel("The code they tell you").fill(code);
  await agent.getByRole("button", { name: "Compare" }).first().click();
  await agent.getByText("Level 2").first().waitFor();
  await agent.goto(ticket);
  words = await side();
  assert.ok(words.replaceAll("\n", "").includes(caller.email) && !words.includes(HIDDEN));
  assert.deepEqual(await look(agent, "live-l2"), []);
});

test("whoever asks to see it does, and that is counted", async () => {
  await agent.goto("/tickets/new");
  await agent.getByLabel("Email address").fill(caller.email);
  await agent.locator("#body").fill("Can I bring my daughter along?");
  await agent.locator("main form button[type=submit]").last().click();
  await agent.waitForURL(/\/tickets\/\d+$/);
  assert.ok((await side()).includes(HIDDEN));
  await agent.getByRole("button", { name: "Show", exact: true }).click();
  await agent.getByText("Everything is shown to you until").waitFor();
  assert.ok((await side()).includes(caller.born));
  assert.deepEqual(await look(agent, "live-peek"), []);
  const supervisor = await desk.colleague("supervisor", {}, "/reviews");
  await supervisor.getByRole("heading", { name: "Looked before the caller was verified" }).waitFor();
  assert.deepEqual(await look(supervisor, "live-reviews"), []);
});
