// Starts the invented clinic and a browser for one file of tests, and ends both.

import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** Where the pictures of the pages are put. */
export const out = new URL("./out/", import.meta.url).pathname;

const { BEDSIDE_E2E_MODULES: modules, BEDSIDE_PROGRAM: program } = process.env;
if (!modules || !program) {
  throw new Error("Run `cargo xtask test --only browser`: BEDSIDE_E2E_MODULES (the node_modules) and BEDSIDE_PROGRAM (the built program) must be set.");
}
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const BROWSER = "/usr/bin/chromium";
const BROWSER_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** A debug build on a busy machine is slow; a test that hangs must end all the same. */
const PATIENCE = 60_000;
const STARTING = 150_000;
/** Whom a desk's invitation is for, where it is none of the demo. */
const ADMINISTRATOR = { email: "alex@clinic.example", name: "Alex Admin" };
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** A running clinic with a browser in front of it. */
export class Desk {
  #folder = mkdtempSync(join(tmpdir(), "bedside-e2e-"));
  #program;
  /** What the program reads from its environment, and how it is started once more. */
  #settings = surroundings();
  #again = () => this.#startDemo();
  #browser;
  #contexts = [];
  /** What browsers complained about: script errors and refusals by the content security policy. */
  complaints = [];

  /** Starts the demo and a browser. */
  static open() {
    return Desk.#begun((desk) => desk.#startDemo());
  }

  /**
   * Starts an empty desk instead, where `invitation` lets its administrator in: what nobody can do in the demo. `settings`
   * are more of the desk's own, as it reads them from its environment.
   */
  static empty(settings = {}) {
    return Desk.#begun((desk) => desk.#startEmpty(settings));
  }

  /**
   * Starts a desk that has a past instead: what the demo's clinic lived through, served for good, where `invitation` lets one
   * more administrator in. Passkeys and single sign-on work there, which nobody has in the demo, and patients are known for
   * long, as they are in no empty desk.
   */
  static grown(settings = {}) {
    return Desk.#begun((desk) => desk.#startGrown(settings));
  }

  static async #begun(start) {
    const desk = new Desk();
    mkdirSync(out, { recursive: true });
    try {
      await start(desk);
      desk.#browser = await chromium.launch({ executablePath: BROWSER, args: BROWSER_FLAGS, timeout: PATIENCE });
    } catch (error) {
      await desk.close();
      throw error;
    }
    return desk;
  }

  async #startDemo() {
    const [http, smtp] = await Promise.all([freePort(), freePort()]);
    const args = ["demo", "--small", "--json", "--data", this.data];
    args.push("--listen", `127.0.0.1:${http}`, "--smtp-listen", `127.0.0.1:${smtp}`, "--pop3-listen", "127.0.0.1:0");
    this.#program = spawn(program, args, { cwd: this.#folder, stdio: ["ignore", "pipe", "pipe"] });
    Object.assign(this, await announced(this.#program));
  }

  async #startEmpty(settings) {
    await this.#settle(settings);
    this.invitation = JSON.parse(this.#command("init", "--email", ADMINISTRATOR.email, "--name", ADMINISTRATOR.name, "--json")).link;
    await this.#again();
  }

  async #startGrown(settings) {
    await this.#startDemo();
    await ended(this.#program);
    await this.#settle(settings);
    const who = [ADMINISTRATOR.email, "--name", ADMINISTRATOR.name, "--role", "administrator"];
    this.invitation = JSON.parse(this.#command("user", "add", ...who, "--json")).link;
    await this.#again();
  }

  /** Chooses where the desk is served from now on, and with which settings. */
  async #settle(settings) {
    const http = await freePort();
    // A name, because passkeys are bound to one.
    this.url = `http://localhost:${http}`;
    this.#settings = { ...surroundings(), BEDSIDE_PUBLIC_URL: this.url, ...settings };
    this.#again = async () => {
      const ways = ["--listen", `127.0.0.1:${http}`, "--data", this.data];
      this.#program = spawn(program, ["serve", ...ways], { cwd: this.#folder, env: this.#settings, stdio: "ignore" });
      await answers(`http://127.0.0.1:${http}/readyz`);
    };
  }

  /** The folder of the desk's data. */
  get data() {
    return join(this.#folder, "data");
  }

  /** Makes a backup while the desk works, and gives back its file, which lies outside of the data. */
  backup() {
    const file = join(this.#folder, "backup.db");
    this.#command("backup", file);
    return file;
  }

  /** Puts a backup in place of what the desk has, and starts it again. */
  async restore(file) {
    await ended(this.#program);
    this.#command("restore", file, "--force");
    await this.#again();
  }

  /**
   * What a database of the desk (its own, or a backup of it) holds of a patient: the keys that seal them, how many are left,
   * how many values they seal by table, and the patient's name where it can be opened. `keys` are those of before, once the patient is
   * gone.
   */
  kept(patient, { file = join(this.data, "bedside.db"), keys = [] } = {}) {
    const looks = join(dirname(program), "examples", "patient_rows");
    return JSON.parse(execFileSync(looks, [this.data, file, patient, ...keys], { cwd: this.#folder, env: surroundings(), timeout: STARTING }));
  }

  /** Has the program do something else with the desk's data, and gives back what it says. */
  #command(...args) {
    const around = { cwd: this.#folder, env: this.#settings, stdio: "pipe", timeout: STARTING };
    return execFileSync(program, [...args, "--data", this.data], around);
  }

  /** Ends the browser and the program, and removes what they wrote. */
  async close() {
    await this.#browser?.close();
    await ended(this.#program);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** A page in a browser window of its own, with nobody signed in. */
  async visitor(options = {}) {
    const context = await this.#browser.newContext({
      baseURL: this.url,
      locale: "en-US",
      reducedMotion: "reduce",
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) this.complaints.push(`${page.url()}: ${message.text()}`);
    });
    return page;
  }

  /** A page of a colleague with this role, signed in by the demo's link. */
  async colleague(role, options, first = "/inbox") {
    const page = await this.visitor(options);
    await page.goto(this.doors.find((door) => door.role === role).link);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"), { waitUntil: "commit" });
    const answer = await page.goto(first);
    if (answer.status() !== 200) throw new Error(`${first} answers ${answer.status()} to the ${role}.`);
    await page.locator(first === "/inbox" ? "#ticket-list" : "h1").first().waitFor();
    return page;
  }
}

/** The code that an authenticator app with this secret (base32) shows now (RFC 6238). */
export function code(secret) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const sum = createHmac("sha1", key).update(step).digest();
  const number = sum.readUInt32BE(sum.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** The clinic's newest mail to `person` in the demo's mailbox whose line holds `beginning`, opened in `page`. */
export async function openMail(page, person, beginning, words) {
  await page.goto(`/demo/mail?person=${encodeURIComponent(person)}`);
  const theirs = page.locator(".ticket-row").filter({ hasText: "The clinic wrote" }).filter({ hasText: beginning });
  await theirs.first().getByRole("link").click();
  await page.getByRole("article").filter({ hasText: words }).waitFor();
}

/** The six digits of the newest code that the clinic mailed to `email`, read in `page`. */
export async function mailedCode(page, email) {
  for (let tries = 0; tries < 60; tries += 1) {
    await page.goto(`/demo/mail?person=${encodeURIComponent(email)}`);
    const mail = page.locator(".ticket-row").filter({ hasText: "Your code" }).first();
    if (await mail.count()) {
      await mail.getByRole("link").click();
      const found = (await page.getByRole("article").last().innerText()).match(/\b\d{6}\b/);
      if (found) return found[0];
    }
    await page.waitForTimeout(250);
  }
  throw new Error("No code came.");
}

/** Writes a mail to the clinic as `person`, and gives back the number of its request. The clinic says it with the words `received`. */
export async function writeMail(page, person, name, subject, text, received = "We have your message") {
  await page.goto(`/demo/mail?person=${encodeURIComponent(person)}&name=${encodeURIComponent(name)}`);
  await page.getByLabel("Subject").fill(subject);
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  const answered = page.locator(".ticket-row").filter({ hasText: received });
  await answered.first().waitFor();
  return /#(\d+)/.exec(await answered.first().innerText())[1];
}

/** What the page `page` breaks of WCAG 2.2 AA: one line `rule selector` each. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(
    (tags) => globalThis.axe.run(globalThis.document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }),
    WCAG,
  );
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any }) => ({ rule: id, line: `${id} ${target.join(" ")} ${any[0]?.message ?? ""}`.trim() })),
  );
}

/** Whether one has to scroll sideways, which WCAG 1.4.10 forbids and axe does not look for. */
export async function overflow(page) {
  const beside = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return beside > 0 ? [{ rule: "reflow", line: `reflow: ${beside} px wider than the window` }] : [];
}

/** Keeps a picture of the whole page. */
export const picture = (page, name) => page.screenshot({ path: join(out, `${name}.png`), fullPage: true });

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A package of the tests, by its name. */
export const load = (name) => import(pathToFileURL(require.resolve(name)));

/** The environment without what these tests are told by it, which the program would take for settings. */
function surroundings() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("BEDSIDE_")));
}

/** Ends a program in its own time, or after a while without it. */
async function ended(child) {
  if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await exit;
  clearTimeout(late);
}

/** Waits until something answers there. */
async function answers(url) {
  const late = Date.now() + STARTING;
  while (Date.now() < late) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`${url} did not answer in time.`);
}

/** What the program says once it is ready. */
function announced(child) {
  return new Promise((resolve, reject) => {
    let said = "";
    let errors = "";
    const late = setTimeout(() => reject(new Error(`The demo did not start in time. ${errors}`)), STARTING);
    child.once("error", (error) => reject(new Error(`${program} can't be started: ${error.message}`)));
    child.once("exit", (code) => reject(new Error(`The demo ended (${code}) before it was ready. ${errors}`)));
    child.stderr.on("data", (data) => (errors = (errors + data).slice(-4000)));
    child.stdout.on("data", (data) => {
      said += data;
      try {
        const ready = JSON.parse(said);
        clearTimeout(late);
        resolve(ready);
      } catch {
        // Not all of it yet.
      }
    });
  });
}
