import { describe } from "../shape.ts";

/** Where a model's bytes come from: the bytes themselves, or a URL to fetch. */
export type Source = Uint8Array | ArrayBuffer | string | URL | Response;

/** How much of a download has arrived; `total` is undefined where the server does not tell. */
export interface Progress {
  loaded: number;
  total: number | undefined;
}

/** The bytes of a source; a download is read as it comes, and told of. */
export async function download(source: Source, onProgress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== "string" && !(source instanceof URL) && !(source instanceof Response)) {
    throw new TypeError(`loadOnnx: source must be bytes, a URL or a response, got ${describe(source)}`);
  }
  const response = source instanceof Response ? source : await fetch(source, signal ? { signal } : {});
  if (!response.ok) throw new Error(`loadOnnx: ${response.url || String(source)} answered ${response.status} ${response.statusText}`);
  // The header counts bytes on the wire: compressed ones are told of, but not relied on.
  const length = Number(response.headers.get("content-length") ?? NaN);
  const total = Number.isInteger(length) && !response.headers.has("content-encoding") ? length : undefined;
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader!.read()) {
    chunks.push(part.value);
    loaded += part.value.length;
    onProgress?.({ loaded, total });
  }
  const bytes = new Uint8Array(loaded);
  chunks.reduce((at, chunk) => (bytes.set(chunk, at), at + chunk.length), 0);
  return bytes;
}
