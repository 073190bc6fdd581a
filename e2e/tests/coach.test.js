// The coach beside the composer: it comes after a pause in typing, one key takes its advice, and undo takes it back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, picture, violations } from "../desk.js";

let desk;
let page;

before(async () => {
  desk = await Desk.open();
  page = await desk.colleague("agent");
  await page.locator("#ticket-list a").first().click();
  await page.locator("#body").waitFor();
});
after(() => desk?.close());

const area = () => page.locator("#body");
const coach = () => page.locator("bd-coach");

test("advice comes after a pause, and one key takes it", async () => {
  await area().fill("As I already told you, we utilize a deductible prior to the visit. Double your dose until then and see how it goes.");
  await coach().locator("[data-code=medical_advice]").waitFor();
  assert.ok(await coach().locator("[data-code=phrase]").isVisible());
  await area().press("Alt+Enter");
  await page.waitForFunction(() => document.querySelector("#body").value.includes("A nurse can answer"));
  // Once the dose is left to a nurse, the coach has no more to say about it.
  await page.waitForFunction(() => document.querySelector("bd-coach .coach-title") && !document.querySelector("[data-code=medical_advice]"));
  await coach().locator("[data-code=jargon] button").first().click();
  await page.waitForFunction(() => !/utilize|deductible/.test(document.querySelector("#body").value) || !document.querySelector("[data-code=jargon]"));
  await area().press("Control+z");
  assert.match(await area().inputValue(), /utilize|deductible|prior to/);
});

test("the coach can be used by everybody", async () => {
  await area().fill("Calm down. It is not our policy to explain a prior authorization, and you should have read the letter that we sent to you.");
  await coach().locator("[data-code=phrase]").first().waitFor();
  const broken = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(size);
      await picture(page, `coach-${colorScheme}-${size.width}`);
      const found = (await violations(page)).filter(({ line }) => line.includes("coach"));
      broken.push(...found.map(({ line }) => `${colorScheme} ${size.width}: ${line}`));
    }
  }
  assert.deepEqual(broken, []);
});

test("notes to colleagues are left alone", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.locator(".composer-kind label").nth(1).click();
  await coach().waitFor({ state: "hidden" });
});

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
