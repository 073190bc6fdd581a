// Every page that a patient can meet, in English and in Spanish: nothing in it breaks WCAG 2.2 AA, and every word is theirs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desk, openMail } from "../desk.js";
import { look, missed } from "../looks.js";

/** What each language's patient writes and reads. The clinic has its form at two addresses; each language takes one. */
const LANGUAGES = {
  en: {
    locale: "en-US",
    form: "/request",
    question: "Could you tell me whether my vitamin D is fine? I have been tired for weeks.",
    danger: "I want to kill myself tonight and I have the pills here.",
    answer: "Your vitamin D is fine, and nothing needs to be done.",
    waiting: "You have a message",
    settled: "is settled",
  },
  es: {
    locale: "es-ES",
    form: "/c/riverside/request",
    question: "Buenos días, ¿me pueden decir si mi vitamina D está bien? Llevo semanas con mucho cansancio.",
    danger: "Quiero matarme esta noche y tengo aquí las pastillas.",
    answer: "Su vitamina D está bien y no hace falta hacer nada.",
    waiting: "Tiene un mensaje",
    settled: "está resuelta",
  },
};

let desk;
let admin;
let nurse;
let mail;

before(async () => {
  desk = await Desk.open();
  admin = await desk.colleague("administrator");
  // Questions about results are a nurse's to settle.
  nurse = await desk.colleague("nurse");
  mail = await desk.visitor();
  await admin.goto("/settings/general");
  await admin.getByLabel("Keep answers out of mails").check();
  await admin.getByRole("button", { name: "Save" }).click();
  await admin.getByText("Saved.").waitFor();
});
after(() => desk?.close());

for (const [tag, words] of Object.entries(LANGUAGES)) {
  const person = { name: "Inés Fairweather", email: `ines.${tag}@mail.example` };
  let page;
  let number;
  let link;
  let rating;

  /** Looks at the open page, whose language and status are `tag` and `status`. */
  const fine = async (name, status = 200) => {
    assert.equal(await page.evaluate(() => performance.getEntriesByType("navigation")[0].responseStatus), status);
    assert.equal(await page.locator("html").getAttribute("lang"), tag);
    assert.deepEqual(await look(page, `${tag}-${name}`), []);
  };

  test(`${tag}: the form, sent too fast, with mistakes, and well`, async () => {
    page = await desk.visitor({ locale: words.locale });
    await page.goto(words.form);
    await fine("request");
    await send(page, "", "", "");
    await fine("request-mistakes", 422);
    await page.goto(words.form);
    await send(page, person.name, person.email, words.question);
    await fine("request-again", 422);
    await page.waitForTimeout(2500);
    await submit(page, "#message");
    await page.waitForURL("**/thanks*");
    number = /\d+/.exec(await page.locator(".reference").innerText())[0];
    await fine("request-thanks");
  });

  test(`${tag}: what somebody in danger reads`, async () => {
    await page.goto(words.form);
    await page.locator("#message").pressSequentially(words.danger, { delay: 50 });
    await send(page, person.name, person.email, words.danger);
    await page.waitForURL("**/thanks*");
    await page.locator(".crisis").waitFor();
    await fine("request-crisis");
  });

  test(`${tag}: a thread before and after its link is opened`, async () => {
    await admin.goto(`/tickets/${number}`);
    await admin.locator("#body").fill(words.answer);
    await admin.getByRole("button", { name: "Send", exact: true }).click();
    await admin.locator(".msg").filter({ hasText: words.answer }).waitFor();
    await openMail(mail, person.email, words.waiting, "Riverside");
    link = await mail.getByRole("article").getByRole("link").first().getAttribute("href");
    await page.goto(link);
    await fine("link");
    await page.locator("main form button").click();
    await page.locator("#timeline").getByText(words.answer).waitFor();
    await fine("thread");
    await submit(page, "#message");
    await page.locator("#message-error").waitFor();
    await fine("thread-mistake", 422);
    await page.locator("#message").fill(words.question);
    await submit(page, "#message");
    await page.locator(".notice-ok").waitFor();
    await fine("thread-sent");
  });

  test(`${tag}: links that don't open, and the way to a fresh one`, async () => {
    const own = page;
    page = await desk.visitor({ locale: words.locale });
    await page.goto(link);
    await fine("link-elsewhere", 403);
    await page.locator("main form button").click();
    await page.waitForURL("**/renew");
    await fine("link-renewed");
    for (let times = 0; times < 6; times += 1) {
      await page.goto(link);
      await page.locator("main form button").click();
      await page.waitForURL("**/renew");
    }
    await fine("link-too-often", 429);
    await page.goto(`/t/${"a".repeat(32)}`);
    await fine("link-ended", 410);
    await page.context().close();
    page = own;
  });

  test(`${tag}: the rating, and the thread of a request that is settled and closed`, async () => {
    await setStatus(number, "resolved");
    await openMail(mail, person.email, words.settled, "Riverside");
    rating = await mail.getByRole("article").getByRole("link").first().getAttribute("href");
    await page.goto(rating);
    await fine("rating");
    await page.goto(rating.replace(/\?.*$/, ""));
    await submit(page, "#comment");
    await page.locator(".error-summary").waitFor();
    await fine("rating-mistake", 422);
    await page.locator("#score-4").check();
    await submit(page, "#comment");
    await page.waitForURL("**/thanks*");
    await fine("rating-thanks");
    await page.goto(`/r/${"a".repeat(32)}`);
    await fine("rating-ended", 410);
    await page.goto(link);
    await fine("thread-settled");
    await setStatus(number, "closed");
    await page.goto(link);
    await fine("thread-closed");
    await page.locator("#message").fill(words.question);
    await submit(page, "#message");
    await page.locator(".notice-ok").waitFor();
    await fine("thread-opened");
  });

  test(`${tag}: an address where nothing is`, async () => {
    await page.goto("/nowhere");
    await fine("nothing-here", 404);
    await page.goto("/c/nowhere/request");
    await fine("no-such-clinic", 404);
  });
}

test("no page of the patients was missed", () => assert.deepEqual(missed("patients"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));

/** Sends the form as it is: what the browser itself would refuse is for the server to say. */
async function submit(page, inside) {
  await page.locator(inside).evaluate(({ form }) => {
    form.noValidate = true;
  });
  const before = await page.evaluate(() => performance.timeOrigin);
  await page.locator("form:has(textarea) button[type=submit]").click();
  await page.waitForFunction((started) => performance.timeOrigin !== started && document.readyState === "complete", before);
}

async function send(page, name, email, message) {
  await page.locator("#name").fill(name);
  await page.locator("#email").fill(email);
  await page.locator("#message").fill(message);
  await submit(page, "#message");
}

async function setStatus(number, status) {
  await nurse.goto(`/tickets/${number}`);
  await nurse.locator("#f-status").selectOption(status);
  await nurse.getByRole("button", { name: "Save" }).click();
  await nurse.getByText("Saved.").waitFor();
}
