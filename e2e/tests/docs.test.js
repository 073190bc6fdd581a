// The viewer of the API's description: it opens without a script error and asks nobody else for anything.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk } from "../desk.js";
import { look, missed } from "../looks.js";

let desk;

before(async () => (desk = await Desk.open()));
after(() => desk?.close());

test("the description of the API can be read and looked through", async () => {
  const page = await desk.visitor();
  const [asked, refused] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("response", (response) => response.status() >= 400 && refused.push(`${response.status()} ${response.url()}`));
  page.on("console", (message) => message.type() === "error" && desk.complaints.push(message.text()));
  const answer = await page.goto("/docs");
  assert.equal(answer.status(), 200);
  const operations = page.locator(".swagger-ui .opblock");
  await operations.first().waitFor();
  const { paths } = await (await page.request.get("/openapi.json")).json();
  const described = Object.values(paths).flatMap((methods) => Object.keys(methods).filter((name) => name !== "parameters"));
  assert.equal(await operations.count(), described.length, "every operation is shown");
  await operations.first().locator(".opblock-summary-control").first().click();
  await page.locator(".swagger-ui .opblock.is-open .responses-wrapper").first().waitFor();
  assert.deepEqual(await look(page, "docs"), []);
  assert.deepEqual(missed("docs"), []);
  const elsewhere = asked.filter((url) => !url.startsWith(desk.url) && !url.startsWith("data:"));
  assert.deepEqual([elsewhere, refused, desk.complaints], [[], [], []]);
});
