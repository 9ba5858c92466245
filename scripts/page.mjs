// npm run page [-- port]: serves the demo page on this machine, isolated from other origins as threads want it.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../dist/demo", import.meta.url));
const port = Number(process.argv[2] ?? 8080);
const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

const server = createServer((request, response) => {
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  response.setHeader("Cache-Control", "no-store");
  const file = locate(request.url);
  if (!file) {
    response.writeHead(404, { "Content-Type": "text/plain" }).end(`${request.url} is not in dist/demo\n`);
    return;
  }
  response.writeHead(200, { "Content-Type": types[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
});

if (!existsSync(join(root, "index.html"))) {
  console.error("page: dist/demo/index.html does not exist; npm run build makes it");
  process.exit(1);
}
server.on("error", (error) => {
  console.error(`page: ${error.message}; another port: npm run page -- 8081`);
  process.exit(1);
});
server.listen(port, "localhost", () => console.log(`http://localhost:${server.address().port}/`));

/** The file of a URL's path, or undefined. An absolute path has no way up once it is normalised. */
function locate(url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
  const file = join(root, normalize(path.endsWith("/") ? `${path}index.html` : path));
  return !file.includes("\0") && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}
