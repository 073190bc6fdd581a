// Bundles the browser side: node build.mjs <node_modules> <out>
// Writes the bundled files and assets.rs, the table that the web crate embeds.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(process.argv[2] ?? join(here, "node_modules"));
const out = resolve(process.argv[3] ?? join(here, "dist"));
const esbuild = createRequire(join(modules, "package.json"))("esbuild");

const TYPES = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
};

async function bundle(entry) {
  const result = await esbuild.build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    format: entry.endsWith(".ts") ? "iife" : undefined,
    target: ["chrome111", "firefox113", "safari16.4"],
    legalComments: "none",
    nodePaths: [modules],
    logLevel: "warning",
  });
  return Buffer.from(result.outputFiles[0].contents);
}

/** One <symbol> for each icon named in src/icons.txt, drawn by lucide. */
function sprite() {
  const names = readFileSync(join(here, "src/icons.txt"), "utf8").split(/\s+/).filter(Boolean);
  const symbols = names.map((name) => {
    const svg = readFileSync(join(modules, "lucide-static/icons", `${name}.svg`), "utf8");
    const inner = svg.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
    const shapes = inner.replace(/\s+/g, " ").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
  });
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
}

const vendor = (file) => readFileSync(join(modules, "swagger-ui-dist", file));
const own = (file) => readFileSync(join(here, "svg", file));

const files = {
  "app.js": await bundle("app.ts"),
  "app.css": await bundle("app.css"),
  "public.js": await bundle("public.ts"),
  "public.css": await bundle("public.css"),
  "docs.js": await bundle("docs.ts"),
  "docs.css": await bundle("docs.css"),
  "icons.svg": sprite(),
  "logo.svg": own("logo.svg"),
  "favicon.svg": own("favicon.svg"),
  "swagger-ui.css": vendor("swagger-ui.css"),
  "swagger-ui-bundle.js": vendor("swagger-ui-bundle.js"),
  "swagger-ui-standalone-preset.js": vendor("swagger-ui-standalone-preset.js"),
};

const folder = join(out, "assets");
mkdirSync(folder, { recursive: true });
const rows = Object.entries(files).map(([name, raw]) => {
  // Source maps of vendored files are not served.
  const bytes = /\.(js|css)$/.test(name)
    ? Buffer.from(raw.toString("utf8").replace(/\n?(\/\/|\/\*)# sourceMappingURL=[^\n]*\s*$/, ""))
    : raw;
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const end = extname(name);
  writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  return `    Asset {
        name: "${name}",
        path: "/assets/${basename(name, end)}-${hash}${end}",
        content_type: "${TYPES[end]}",
        hash: "${hash}",
        bytes: include_bytes!(concat!(env!("OUT_DIR"), "/assets/${name}")),
        gzip: include_bytes!(concat!(env!("OUT_DIR"), "/assets/${name}.gz")),
    },`;
});
writeFileSync(join(out, "assets.rs"), `static ASSETS: &[Asset] = &[\n${rows.join("\n")}\n];\n`);
