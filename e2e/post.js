// A mail server on this machine that keeps what a desk sends (RFC 5321, as little of it as a desk asks for), for tests that
// read it. It delivers to nobody.

import { once } from "node:events";
import { createServer } from "node:net";

const ANSWERS = { EHLO: "250-post\r\n250 8BITMIME", DATA: "354 go on", QUIT: "221 bye" };

/** Starts one. `letters` are what came, oldest first: to whom, and the words with their transfer encoding taken off. */
export async function startPost() {
  const letters = [];
  const open = new Set();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    listen(socket, letters);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return { port: server.address().port, letters, close };
}

/** The six digits of the newest code that was sent to `address`. */
export async function codeSentTo(post, address) {
  for (let tries = 0; tries < 240; tries += 1) {
    const theirs = post.letters.filter((letter) => letter.to.includes(address.toLowerCase()));
    const codes = theirs.flatMap((letter) => /^[ \t]*(\d{6})[ \t]*\r?$/m.exec(letter.words)?.[1] ?? []);
    if (codes.length) return codes.at(-1);
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`No code came to ${address}.`);
}

/** Talks with a desk that hands over letters. */
function listen(socket, letters) {
  let heard = "";
  let to = [];
  let reads = false;
  socket.setEncoding("latin1");
  socket.on("data", (piece) => {
    heard += piece;
    for (;;) {
      const end = reads ? "\r\n.\r\n" : "\r\n";
      const at = heard.indexOf(end);
      if (at < 0) return;
      const said = heard.slice(0, at);
      heard = heard.slice(at + end.length);
      if (reads) {
        letters.push({ to, words: words(said) });
        [to, reads] = [[], false];
        socket.write("250 kept\r\n");
        continue;
      }
      const verb = said.slice(0, 4).toUpperCase();
      if (verb === "RCPT") to.push(/<(.*?)>/.exec(said)[1].toLowerCase());
      reads = verb === "DATA";
      socket.write(`${ANSWERS[verb] ?? "250 fine"}\r\n`);
      if (verb === "QUIT") socket.end();
    }
  });
  socket.write("220 post\r\n");
}

/** What a letter says, part by part. */
function words(raw) {
  const part = (text) => {
    const [head, ...rest] = text.split("\r\n\r\n");
    const body = rest.join("\r\n\r\n");
    const encoding = /^content-transfer-encoding:\s*(\S+)/im.exec(head)?.[1].toLowerCase();
    if (encoding === "base64") return Buffer.from(body, "base64").toString();
    const plain = encoding === "quoted-printable" ? body.replaceAll("=\r\n", "").replaceAll(/=([0-9A-F]{2})/gi, byte) : body;
    return Buffer.from(plain, "latin1").toString();
  };
  return raw.split(/\r\n--\S+\r\n/).map(part).join("\r\n");
}

const byte = (_, digits) => String.fromCharCode(Number.parseInt(digits, 16));
