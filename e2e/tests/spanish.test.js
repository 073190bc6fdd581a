// The staff's main pages in Spanish: a colleague chooses the language, and everything follows and fits.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, overflow, picture, violations } from "../desk.js";

const WIDTHS = [1280, 390, 320];
/** Paths, with a word of each that its Spanish text has. */
const PAGES = {
  inbox: ["/inbox", "solicitud"],
  "new-request": ["/tickets/new", "Nueva solicitud"],
  search: ["/search", "Buscar"],
  patients: ["/patients", "Pacientes"],
  ratings: ["/ratings?days=90", "Valoraciones"],
  password: ["/set-password", "contraseña"],
  settings: ["/settings", "Ajustes"],
  hours: ["/settings/hours", "Horario"],
  mailboxes: ["/settings/mailboxes/new", "correo"],
  queues: ["/settings/queues", "Colas"],
  sla: ["/settings/sla/new", "regla"],
  templates: ["/settings/templates/reply/es", "correo"],
  staff: ["/settings/staff/new", "persona"],
  audit: ["/audit", "Registro"],
};

let desk;
let page;

before(async () => {
  desk = await Desk.open();
  page = await desk.colleague("administrator");
  await page.locator("bd-menu.menu > details > summary").last().click();
  await page.locator("select[name=language]").selectOption("es");
  await Promise.all([page.waitForURL("**/inbox"), page.locator("form[action='/look'] button").click()]);
  await page.locator("html[lang=es]").waitFor();
});
after(() => desk?.close());

async function isFine(name) {
  assert.equal(await page.locator("html").getAttribute("lang"), "es");
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, "a page has one main heading");
  const broken = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await picture(page, `es-${name}-${width}`);
    broken.push(...[...(await violations(page)), ...(await overflow(page))].map(({ line }) => `es-${name}-${width}: ${line}`));
  }
  await page.setViewportSize({ width: WIDTHS[0], height: 800 });
  assert.deepEqual(broken, []);
}

for (const [name, [path, word]] of Object.entries(PAGES)) {
  test(`${name} is in Spanish and can be used by everybody`, async () => {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200);
    const said = await page.locator("main").innerText();
    assert.ok(said.toLowerCase().includes(word.toLowerCase()), `${word} in ${said.slice(0, 400)}`);
    await isFine(name);
  });
}

test("a request is in Spanish around the patient's own words", async () => {
  await page.goto("/inbox");
  await page.locator(".ticket-link").first().click();
  await page.locator("#composer").waitFor();
  await isFine("ticket");
});

test("a mistake is told in Spanish", async () => {
  await page.goto("/settings/hours");
  await page.locator("#day_1").fill("17-8");
  await page.locator("main form").first().getByRole("button").first().click();
  const error = page.locator("#day_1-error");
  await error.waitFor();
  assert.match(await error.innerText(), /Escriba|Cada/);
  await isFine("mistake");
});

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));
