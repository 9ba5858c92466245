/** The parts of Node's worker_threads that are needed, as Deno and Bun have them too. */
export interface WorkerThreads {
  parentPort: unknown;
  Worker: new (url: URL, options: { execArgv: string[] }) => NodeWorker;
}

/** A thread of Node's. */
export interface NodeWorker {
  postMessage(message: unknown): void;
  on(event: string, listener: (value: unknown) => void): void;
  unref(): void;
  terminate(): unknown;
}

/**
 * Node's worker_threads, undefined where there are none. Asked for and not imported: bundlers for browsers would stumble over the import,
 * even where it never runs.
 */
export function workerThreads(): WorkerThreads | undefined {
  return builtin("node:worker_threads");
}

/** How many threads the machine runs at a time. */
export function hardwareThreads(): number {
  const os = builtin<{ availableParallelism(): number }>("node:os");
  return os?.availableParallelism() ?? (globalThis as { navigator?: Navigator }).navigator?.hardwareConcurrency ?? 1;
}

function builtin<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): T | undefined } };
  return process?.getBuiltinModule?.(name);
}
