// What a thread runs: a file of its own, dist/worker.js, that is loaded only where threads are asked for.

import { serve, type Start } from "./board.ts";
import { workerThreads } from "./workerThreads.ts";

interface Port {
  onmessage: ((event: { data: Start }) => void) | null;
  postMessage(message: string): void;
}

const port = (workerThreads()?.parentPort ?? globalThis) as unknown as Port;
port.onmessage = ({ data }) => {
  port.onmessage = null;
  serve(data, () => port.postMessage("ready"));
};
