// A mail with pictures: its own are drawn, and nothing that it points at elsewhere is ever asked for.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Desk, picture } from "../desk.js";
import { look, missed } from "../looks.js";

const SENDER = "tomasz.garden@mail.example";
const SUBJECT = "A photo of my knee";
/** 48 by 32 pixels in one colour. */
const PHOTO =
  "iVBORw0KGgoAAAANSUhEUgAAADAAAAAgCAIAAADbtmxLAAAAMUlEQVR42u3OQQ0AAAgEoCtkA2Mb0BbOBxsByHS9EiEhISEhISEhISEhISEhISGhSwuoga5b8rfewwAAAABJRU5ErkJggg==";
const COLOUR = [180, 60, 45, 255];

let desk;
let agent;
let elsewhere;
/** What somebody asked the sender's own server for. */
const asked = [];

before(async () => {
  elsewhere = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader("content-type", request.url.endsWith(".css") ? "text/css" : "image/png");
    response.end(Buffer.from(PHOTO, "base64"));
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  desk = await Desk.open();
  agent = await desk.colleague("agent");
});
after(async () => {
  await desk?.close();
  elsewhere?.close();
});

test("the server that keeps count can be reached, so that its silence means something", async () => {
  const answer = await fetch(`${far()}/hello.png`);
  assert.equal(answer.status, 200);
  assert.deepEqual(asked.splice(0), ["/hello.png"]);
});

test("the mail's own picture is drawn, and the sender's server hears nothing", async () => {
  await handIn(desk.smtp, mail());
  await agent.goto("/inbox");
  await agent.locator(".ticket-row").filter({ hasText: SUBJECT }).first().getByRole("link").click();
  const message = agent.locator("#timeline > .msg-patient").filter({ hasText: "here is my knee" });
  await message.waitFor();
  const own = message.locator(".msg-body img");
  assert.equal(await own.count(), 1, "the mail's own picture and no other");
  await own.scrollIntoViewIfNeeded();
  await agent.waitForFunction((image) => image.complete, await own.elementHandle());
  assert.deepEqual(await own.evaluate((image) => [image.naturalWidth, image.naturalHeight]), [48, 32]);
  assert.deepEqual(await own.evaluate(drawn), COLOUR);
  assert.equal(await own.getAttribute("alt"), "My knee");
  await message.getByText("Pictures from other places are left out").waitFor();
  const placeholders = message.locator(".remote-image:not(:empty)");
  assert.deepEqual(await placeholders.allInnerTexts(), ["Our club", "Set"], "where a picture would be stands what it shows");
  // The page is at rest: whatever it wanted to load, it has asked for.
  await agent.waitForLoadState("networkidle");
  await picture(agent, "mail-pictures-light-1280");
  assert.deepEqual(asked, []);
  const html = await message.locator(".msg-body").innerHTML();
  assert.ok(!/<(style|link|script|iframe|svg|video)|srcset|background|onerror/i.test(html), html);
});

test("such a message can be read by everybody", async () => {
  assert.deepEqual(await look(agent, "mail-with-pictures"), []);
  assert.deepEqual(asked, []);
});

test("a link of the mail is followed by a page that says where it leads", async () => {
  const ticket = agent.url();
  const link = agent.locator("#timeline > .msg-patient .msg-body").getByRole("link", { name: "What our club offers" });
  const way = await link.getAttribute("href");
  assert.match(way, /^\/tickets\/\d+\/messages\/[^/]+\/links\/0$/);
  assert.equal(await link.getAttribute("rel"), "noopener noreferrer nofollow");
  await agent.goto(way);
  await agent.getByRole("heading", { name: "This link leads to another site" }).waitFor();
  assert.equal(await agent.locator("main strong").first().innerText(), "127.0.0.1");
  assert.equal(await agent.locator("main code").first().innerText(), `${far()}/offer?for=you`);
  assert.deepEqual(await look(agent, "away"), []);
  assert.deepEqual(asked, [], "nobody is asked before somebody follows it");
  await agent.goto(ticket);
  await agent.locator("#timeline").waitFor();
});

test("a file of the mail is saved, and could do nothing if it were opened", async () => {
  const link = agent.locator("#timeline > .msg-patient .file").filter({ hasText: "report.html" });
  assert.equal(await link.count(), 1, "the photo stands in the text, so that one file is left");
  const answer = await agent.request.get(await link.getAttribute("href"));
  assert.equal(answer.status(), 200);
  const headers = answer.headers();
  assert.equal(headers["content-disposition"], "attachment; filename=\"report.html\"; filename*=UTF-8''report.html");
  assert.match(headers["content-security-policy"], /^sandbox; default-src 'none'/);
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.notEqual(headers["content-type"], "text/html");
  const [saved] = await Promise.all([agent.waitForEvent("download"), link.click()]);
  assert.equal(saved.suggestedFilename(), "report.html");
  assert.deepEqual(asked, []);
});

test("no page of it was missed", () => assert.deepEqual(missed("pictures"), []));

test("no page made a browser complain", () => assert.deepEqual(desk.complaints, []));

/** The colour in the middle of a picture, as the browser draws it. */
function drawn(image) {
  const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return [...context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data];
}

const far = () => `http://127.0.0.1:${elsewhere.address().port}`;

/** Everything a mail has been seen to reach out with. */
function mail() {
  const html = `<html><head><link rel="stylesheet" href="${far()}/a.css"><link rel="prefetch" href="${far()}/prefetch.png">
<style>@import "${far()}/b.css"; p { background: url(${far()}/c.png) } @font-face { font-family: x; src: url(${far()}/x.woff) }</style>
<meta http-equiv="refresh" content="0; url=${far()}/refresh"><base href="${far()}/"></head>
<body background="${far()}/body.png"><p style="background-image: url('${far()}/d.png')">Good morning, here is my knee:</p>
<p><img src="cid:knee@mail.example" alt="My knee" width="48" height="32"></p>
<p><img src="${far()}/banner.png" alt="Our club" width="400"> <img srcset="${far()}/e.png 1x, ${far()}/f.png 2x" alt="Set"></p>
<table background="${far()}/g.png"><tr><td background="${far()}/h.png">What should I do?</td></tr></table>
<picture><source srcset="${far()}/i.webp"><img src="//127.0.0.1:${elsewhere.address().port}/j.png"></picture>
<video poster="${far()}/k.png" src="${far()}/l.mp4" autoplay></video><iframe src="${far()}/m.html"></iframe>
<svg><image href="${far()}/n.png"/></svg><object data="${far()}/o.png"></object><input type="image" src="${far()}/p.png">
<img src="cid:nowhere@mail.example" alt=""><img src="${far()}/pixel.gif" width="1" height="1" alt="">
<img src="x" onerror="fetch('${far()}/q')"><p><a href="${far()}/offer?for=you">What our club offers</a></p></body></html>`;
  const base64 = (text) => Buffer.from(text).toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  const part = (type, more, content) => `--edge\r\nContent-Type: ${type}\r\n${more}Content-Transfer-Encoding: base64\r\n\r\n${content}\r\n`;
  return [
    `From: Tomasz Garden <${SENDER}>\r\nTo: <care@riverside.example>\r\nSubject: ${SUBJECT}\r\nDate: ${new Date().toUTCString()}`,
    `Message-ID: <knee-letter@mail.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=edge\r\n`,
    part("text/html; charset=utf-8", "", base64(html)) +
      part("image/png; name=knee.png", "Content-ID: <knee@mail.example>\r\nContent-Disposition: inline; filename=knee.png\r\n", PHOTO) +
      part("text/html; name=report.html", "Content-Disposition: attachment; filename=report.html\r\n", base64("<script>alert(1)</script>")),
    "--edge--\r\n",
  ].join("\r\n");
}

/** Hands a mail to the desk's receiver at `address`, and comes back once the desk has taken it. */
async function handIn(address, raw) {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const answer = async (code) => {
    let line;
    do line = (await lines.next()).value;
    while (line?.[3] === "-");
    assert.equal(line?.slice(0, 3), code, line);
  };
  await answer("220");
  for (const [command, code] of [
    ["EHLO mail.example", "250"],
    [`MAIL FROM:<${SENDER}>`, "250"],
    ["RCPT TO:<care@riverside.example>", "250"],
    ["DATA", "354"],
    [`${raw}.`, "250"],
    ["QUIT", "221"],
  ]) {
    socket.write(`${command}\r\n`);
    await answer(code);
  }
  socket.destroy();
}
