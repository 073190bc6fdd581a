// The coach beside the composer: it comes after a pause in typing, one key takes its advice, and undo takes it back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, overflow, picture, violations, writeMail } from "../desk.js";

const ENGLISH = "Calm down. It is not our policy to explain a prior authorization, and you should have read the letter that we sent to you.";
const SPANISH = "Cálmese. No es nuestra política explicar una autorización previa, y usted debió leer la carta que le mandamos.";

let desk;
let page;
let spanish;

before(async () => {
  desk = await Desk.open();
  const mail = await desk.visitor();
  const about = await writeMail(mail, "ed.quill@mail.example", "Ed Quill", "My bill", "My mother died in May and I still get bills for her visits.");
  spanish = await writeMail(mail, "ana.vega@mail.example", "Ana Vega", "Mi cuenta", "Mi madre murió en mayo y todavía me llegan cuentas de sus visitas.", "Recibimos su mensaje");
  page = await desk.colleague("agent");
  await page.goto(`/tickets/${about}`);
  await page.locator("#body").waitFor();
});
after(() => desk?.close());

const area = () => page.locator("#body");
const coach = () => page.locator("bd-coach");

test("advice comes after a pause, is told to who hears the page, and one key takes it", async () => {
  await area().fill("As I already told you, we utilize a deductible prior to the visit. Double your dose until then and see how it goes.");
  await coach().locator("[data-code=medical_advice]").waitFor();
  assert.ok(await coach().locator("[data-code=phrase]").isVisible());
  assert.match(await page.locator("#coach-told[role=status]").innerText(), /suggestions: \d+\. Alt\+Enter/);
  await area().press("Alt+Enter");
  await page.waitForFunction(() => document.querySelector("#body").value.includes("A nurse can answer"));
  assert.ok(await area().evaluate((body) => body === document.activeElement), "one goes on writing");
  // Once the dose is left to a nurse, the coach has no more to say about it.
  await page.waitForFunction(() => document.querySelector("bd-coach .coach-title") && !document.querySelector("[data-code=medical_advice]"));
  await area().press("Control+z");
  await page.waitForFunction(() => document.querySelector("#body").value.includes("Double your dose"));
});

test("the rest waits behind a line and stays open while one goes on writing; each piece has a reason and a button", async () => {
  const more = coach().locator("details");
  await more.locator("summary").focus();
  await page.keyboard.press("Enter");
  await coach().locator("details[open]").waitFor();
  const jargon = coach().locator("[data-code=jargon] button").first();
  const reason = await jargon.getAttribute("aria-describedby");
  assert.match(await page.locator(`#${reason}`).innerText(), /Not everybody knows/);
  const before = await area().inputValue();
  await jargon.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction((was) => document.querySelector("#body").value !== was, before);
  assert.ok(await area().evaluate((body) => body === document.activeElement), "one goes on writing");
  const looked = page.waitForResponse((answer) => answer.url().endsWith("/coach"));
  await area().press("End");
  await area().pressSequentially(" Calm down.");
  await looked;
  await coach().locator("details[open]").waitFor();
});

test("a draft that went on meanwhile is left alone", async () => {
  for (const [draft, later] of [["Calm down.", "No, Calm down."], [ENGLISH, `Dear Ed. ${ENGLISH}`]]) {
    await area().fill("");
    await coach().waitFor({ state: "hidden" });
    await area().fill(draft);
    await coach().locator("[aria-keyshortcuts]").waitFor();
    await area().evaluate((body, words) => (body.value = words), later);
    const looked = page.waitForResponse((answer) => answer.url().endsWith("/coach"));
    await area().press("Alt+Enter");
    assert.equal(await area().inputValue(), later);
    await looked;
  }
});

test("who hears of a loss is told to say so, and the composer stays where it is", async () => {
  await area().fill("");
  await coach().waitFor({ state: "hidden" });
  await area().focus();
  await area().fill(ENGLISH);
  const place = await page.locator("#composer").boundingBox();
  await coach().locator("[data-code=acknowledge]").waitFor();
  assert.match(await coach().locator(".coach-item").first().innerText(), /wrote about a loss/);
  assert.deepEqual(await page.locator("#composer").boundingBox(), place);
});

test("the coach can be used by everybody", async () => {
  await coach().locator("details[open] summary").click();
  assert.deepEqual(await looks("coach"), []);
});

test("a coach that can't be reached keeps silent", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.route("**/coach", (route) => route.fulfill({ status: 500, contentType: "application/problem+json", body: '{"title":"Broken"}' }));
  const asked = page.waitForResponse((answer) => answer.url().endsWith("/coach"));
  await area().pressSequentially(" And more.");
  await asked;
  await page.unroute("**/coach");
  const again = page.waitForResponse((answer) => answer.url().endsWith("/coach") && answer.status() === 200);
  await area().pressSequentially(" And more.");
  await again;
  assert.equal(await page.getByText("Broken").count(), 0);
});

test("notes to colleagues are left alone", async () => {
  await page.locator(".composer-kind label").nth(1).click();
  await coach().waitFor({ state: "hidden" });
  await page.locator(".composer-kind label").first().click();
  await coach().waitFor();
});

test("a Spanish request is coached in Spanish, and the reasons are in the reader's language", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto("/inbox");
  await page.locator("bd-menu.menu > details > summary").last().click();
  await page.locator("select[name=language]").selectOption("es");
  await Promise.all([page.waitForURL("**/inbox"), page.locator("form[action='/look'] button").click()]);
  await page.goto(`/tickets/${spanish}`);
  await area().fill(SPANISH);
  await coach().locator("[data-code=acknowledge]").waitFor();
  assert.match(await coach().innerText(), /Escribió sobre una pérdida/);
  assert.equal(await coach().locator("q").first().getAttribute("lang"), "es");
  assert.deepEqual(await looks("coach-es"), []);
});

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));

/** What is wrong with the open page in both themes, on a desk and on a phone; pictures are kept. */
async function looks(name) {
  const broken = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(size);
      await page.evaluate(() => {
        scrollTo(0, 0);
        document.querySelector(".ticket-side").scrollTop = 0;
      });
      await picture(page, `${name}-${colorScheme}-${size.width}`);
      const found = [...(await violations(page)).filter(({ line }) => line.includes("coach")), ...(await overflow(page))];
      broken.push(...found.map(({ line }) => `${colorScheme} ${size.width}: ${line}`));
    }
  }
  return broken;
}
