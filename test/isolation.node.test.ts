// Threads in pages, as the page's headers allow them: the built package, served by a plain server, in Chromium.

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium as engine } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium } from "./engines.mjs";

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
// No inline scripts, no eval: WebAssembly and files of one's own are all that is allowed.
const policy = { "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'" };

const program = `
  import { conv2d, init, ones, sum } from "/index.js";
  const { threads, singleThreaded } = await init({ threads: 2 });
  const values = Array.from({ length: 20 }, () => sum(conv2d(ones([1, 16, 64, 64]), ones([32, 16, 3, 3]), { algorithm: "gemm" })).item());
  const result = { threads, singleThreaded, values };
`;
const files: Record<string, string> = {
  "/page": `<!doctype html><script type="module" src="/page.js"></script>`,
  "/page.js": `${program} console.log(JSON.stringify(result));`,
  "/inside": `<!doctype html><script type="module" src="/inside.js"></script>`,
  "/inside.js": `new Worker("/inner.js", { type: "module" }).onmessage = ({ data }) => console.log(JSON.stringify(data));`,
  "/inner.js": `${program} postMessage(result);`,
};
const values = new Array(20).fill(62 * 62 * 32 * 16 * 9);

describe.skipIf(!chromium)("pages", () => {
  let browser: Browser;
  const servers: Server[] = [];

  beforeAll(async () => {
    browser = await engine.launch({ executablePath: chromium!, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser.close();
    for (const server of servers) server.close();
  });

  /** What a page says that is served with these headers. */
  async function visit(path: string, headers: Record<string, string>, without?: string): Promise<unknown> {
    const server = createServer(({ url }, response) => {
      try {
        if (url === without) throw new Error("not served");
        const body = files[url!] ?? readFileSync(`dist${url}`);
        response.writeHead(200, { ...headers, "Content-Type": url === path ? "text/html" : "text/javascript" }).end(body);
      } catch {
        response.writeHead(404, headers).end();
      }
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const page = await browser.newPage();
    const said = page.waitForEvent("console", (message) => message.text().startsWith("{"));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    const text = (await said).text();
    await page.close();
    return JSON.parse(text);
  }

  test("an isolated page has threads", async () => {
    expect(await visit("/page", isolation)).toEqual({ threads: 2, values });
  });
  test("under a strict content security policy too", async () => {
    expect(await visit("/page", { ...isolation, ...policy })).toEqual({ threads: 2, values });
  });
  test("and so has a worker of such a page", async () => {
    expect(await visit("/inside", isolation)).toEqual({ threads: 2, values });
  });
  test("any other page has one thread, and the reason", async () => {
    const singleThreaded = "the page is not cross-origin isolated: it must be served with the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
    expect(await visit("/page", {})).toEqual({ threads: 1, singleThreaded, values });
  });
  test("where the thread's file is not served there is one thread, and the reason", async () => {
    expect(await visit("/page", isolation, "/worker.js")).toEqual({
      threads: 1, singleThreaded: "the threads did not start: the thread's script could not be loaded", values,
    });
  });
});
