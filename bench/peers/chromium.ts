// One contender in a page of the system's Chromium: answers a task, given as JSON, into a file.

import { createReadStream, existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium as launcher } from "playwright";
import { chromium } from "../../test/engines.mjs";
import type { Task } from "./measure.ts";

const [json, out] = process.argv.slice(2) as [string, string];
const task = JSON.parse(json) as Task | { contender: string; cold: true; threads: number };
// This file runs as bench/peers/dist/chromium.mjs.
const peers = fileURLToPath(new URL("..", import.meta.url));
const types: Record<string, string> = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/dist/web/page.js"></script>';

const server = createServer((request, response) => {
  // Threads need a page that is isolated from other origins.
  if (task.threads > 1) {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  }
  response.setHeader("Cache-Control", "no-store");
  const path = normalize(new URL(request.url!, "http://localhost").pathname);
  if (path === "/") {
    response.writeHead(200, { "Content-Type": "text/html" }).end(html);
    return;
  }
  const file = path.startsWith("/adjoint/") ? join(peers, "../../dist", path.slice("/adjoint".length)) : join(peers, path);
  if (!existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "Content-Type": types[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
});
await new Promise<void>((resolve) => void server.listen(0, "localhost", resolve));

const flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const browser = await launcher.launch({ executablePath: chromium!, args: flags });
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(String(error)));
await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
await page.waitForFunction("'answer' in globalThis");
const answer = await page.evaluate(`answer(${JSON.stringify(task)})`);
writeFileSync(out, JSON.stringify(answer));
await browser.close();
process.exit(0);
