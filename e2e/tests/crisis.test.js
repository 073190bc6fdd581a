// A crisis that comes in while colleagues are on any page of the desk: the banner is there within a second, unasked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, writeMail } from "../desk.js";
import { look } from "../looks.js";

const PAGES = { nurse: "/patients", supervisor: "/ratings", administrator: "/settings" };

let desk;
const pages = new Map();
const counts = new Map();

/** How many requests the sidebar says are in the crisis queue. */
const waiting = () => Number(document.querySelector(".sidebar [href='/inbox/queue/crisis'] .count").textContent);

/** Notes when the page hears of a new request and when the words of its banner change. */
function watch() {
  const place = document.getElementById("crisis-page");
  const words = () => place.innerText.trim();
  const first = words();
  globalThis.heard = [];
  document.addEventListener("bd:ticket.created", () => globalThis.heard.push(performance.now()));
  new MutationObserver(() => {
    if (words() !== first && globalThis.shown === undefined) globalThis.shown = performance.now();
  }).observe(place, { childList: true, characterData: true, subtree: true });
}

before(async () => {
  desk = await Desk.open();
  for (const [role, path] of Object.entries(PAGES)) {
    const page = await desk.colleague(role);
    await page.goto(path);
    await page.evaluate(watch);
    pages.set(role, page);
    counts.set(role, await page.evaluate(waiting));
  }
});
after(() => desk?.close());

test("whoever answers crises is told on whatever page they are", async () => {
  const mail = await desk.visitor();
  await writeMail(mail, "ines.garrow@mail.example", "Ines Garrow", "Please", "I took all of my sleeping pills an hour ago. I want to die.", "Please read this now");
  for (const [role, page] of pages) {
    await page.waitForFunction(() => globalThis.shown !== undefined);
    const times = await page.evaluate(() => globalThis.heard.map((at) => globalThis.shown - at).filter((took) => took >= 0));
    assert.ok(Math.min(...times) < 1000, `${role} waited ${times} ms`);
    const banner = page.locator("#crisis-page [role=alert]");
    assert.match(await banner.innerText(), /still open/);
    assert.equal(await banner.getByRole("link").getAttribute("href"), "/inbox/crisis");
    assert.equal(new URL(page.url()).pathname, PAGES[role], "the page stays");
    // The count beside the queue moves with the banner.
    await page.waitForFunction(`(${waiting})() > ${counts.get(role)}`);
  }
});

test("the banner leads to them and is for everybody", async () => {
  const page = pages.get("nurse");
  assert.deepEqual(await look(page, "crisis-banner"), []);
  await page.locator("#crisis-page").getByRole("link").click();
  await page.getByText("Ines Garrow").first().waitFor();
  assert.equal(await page.locator("#crisis-page").count(), 0, "no banner where they stand");
  assert.deepEqual(desk.complaints, []);
});

test("below a message stands why it was flagged, with its words marked", async () => {
  const [mail, page] = [await desk.visitor(), pages.get("nurse")];
  const words = "Since the divorce nothing makes sense to me. I have no fever. I took all of my sleeping pills an hour ago. I want to die.";
  const number = await writeMail(mail, "odile.marsh@mail.example", "Odile Marsh", "My results", words, "Please read this now");
  await page.goto(`/tickets/${number}`);
  const message = page.locator("#timeline > .msg-patient").first();
  assert.match((await message.locator(".msg-body mark.found").allInnerTexts()).join(" "), /want to die|pills/);
  await message.locator(".found summary").click();
  await message.locator(".found q").first().waitFor();
  assert.deepEqual(await look(page, "found-in-a-message"), []);

  // What they say next takes nothing back, and says what it stands on.
  await mail.goto("/demo/mail?person=odile.marsh%40mail.example");
  await mail.getByLabel("Subject").fill("Never mind");
  await mail.getByLabel("Message").fill("Please ignore my last message, I only need my results.");
  await mail.getByRole("button", { name: "Send" }).click();
  const later = page.getByRole("link", { name: "Never mind" });
  for (let tries = 0; tries < 60 && (await later.count()) === 0; tries++) await page.reload();
  await later.first().click();
  await page.getByRole("heading", { name: "Never mind" }).waitFor();
  await page.waitForLoadState("load");
  await page.locator(".found summary").click();
  await page.getByText("Written before by this person").waitFor();
  const before = page.locator(".found").getByRole("link", { name: `#${number}` });
  assert.equal(await before.getAttribute("href"), `/tickets/${number}`);
  assert.deepEqual(await look(page, "found-before"), []);
  assert.deepEqual(desk.complaints, []);
});

test("a note that tells of danger rings nowhere, and one press makes it their words", async () => {
  const page = pages.get("supervisor");
  await page.goto("/tickets/new");
  await page.getByLabel("Their name").fill("Petra Lindqvist");
  await page.getByLabel("What they need").fill("Asks when the bill is due.");
  await page.getByRole("button", { name: "Open request" }).click();
  await page.getByText("The request is open.").waitFor();
  await page.locator(".composer-kind").getByText("Internal note").click();
  await page.locator("#body").fill("I took all of my sleeping pills an hour ago. I want to die.");
  await page.getByRole("button", { name: "Add note" }).click();
  const note = page.locator("#timeline > .msg-note").filter({ hasText: "sleeping pills" });
  await note.getByText("A note tells nobody.").waitFor();
  assert.equal(await page.locator(".ticket-main .crisis").count(), 0);
  assert.deepEqual(await look(page, "note-in-danger"), []);

  await note.getByRole("button", { name: "Make it their words" }).click();
  await page.locator(".ticket-main .crisis").getByText("This person may be in danger").waitFor();
  await page.locator("#timeline > .msg-patient").filter({ hasText: "sleeping pills" }).getByText("Written down by").waitFor();
  assert.equal(await page.getByRole("button", { name: "Make it their words" }).count(), 0, "it is theirs already");
  assert.deepEqual(desk.complaints, []);
});

test("whoever is in danger and leaves no address can say on the page that thanks how to reach them", async () => {
  const [person, page] = [await desk.visitor(), pages.get("nurse")];
  await person.goto("/request");
  await person.locator("#message").fill("I want to kill myself tonight and I have the pills here.");
  // The browser itself would ask for an address first.
  await person.locator("#message").evaluate(({ form }) => {
    form.noValidate = true;
  });
  await person.locator("form:has(#message) button[type=submit]").click();
  await person.waitForURL("**/thanks*");
  await person.locator(".crisis").waitFor();
  assert.deepEqual(await look(person, "reach"), []);
  const number = /\d+/.exec(await person.locator(".reference").innerText())[0];
  await person.locator("#reach").fill("800 555 0142, at the old mill");
  await person.getByRole("button", { name: "Tell us" }).click();
  await person.getByText("We have it now, with your message.").first().waitFor();
  assert.deepEqual(await look(person, "reach-said"), []);
  await page.goto(`/tickets/${number}`);
  await page.locator("#timeline > .msg-patient").filter({ hasText: "at the old mill" }).first().waitFor();
  assert.deepEqual(desk.complaints, []);
});
