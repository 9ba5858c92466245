// Who frees a tensor: the innermost scope that was open when it was made, unless it escapes by being returned or kept.

/** Anything that a scope can free. */
export interface Disposable {
  dispose(): void;
}

interface Owner extends Disposable {
  /** Called when no scope is left to free it: the garbage collector's finalizer takes over. */
  release(): void;
}

// Innermost last: what each open scope has to free.
const scopes: Set<Owner>[] = [];
let held = false;

/** Hands a new tensor to the innermost scope, or to the finalizer where there is none. */
export function adopt(tensor: Owner): void {
  const current = scopes.at(-1);
  if (current) current.add(tensor);
  else tensor.release();
}

/** Takes a tensor out of the scope that owns it; a disposed one, so that a long scope does not collect corpses. */
export function forget(tensor: Owner): boolean {
  return scopes.some((owned) => owned.delete(tensor));
}

/**
 * Runs `fn` and frees every tensor made in it, except those it returns: a tensor, or arrays, maps and plain objects that
 * hold tensors. Scopes nest; what one returns belongs to the next one out. While `gradients` records, inner scopes free
 * nothing, because the adjoints still need what was made.
 *
 * @throws TypeError if `fn` returns a promise: what an asynchronous function makes later belongs to nobody.
 * @example
 * const label = scope(() => model.forward(image).data()); // nothing stays behind
 */
export function scope<T>(fn: () => T): T {
  if (held) return fn();
  const inner = new Set<Owner>();
  scopes.push(inner);
  let result: T | undefined;
  try {
    result = fn();
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function") {
      throw new TypeError("scope: fn must be synchronous, it returned a promise");
    }
    return result;
  } catch (error) {
    result = undefined;
    throw error;
  } finally {
    scopes.pop();
    const escaping = new Set<unknown>();
    collect(result, escaping);
    for (const tensor of inner) {
      if (escaping.has(tensor)) adopt(tensor);
      else tensor.dispose();
    }
  }
}

/** Runs `fn` with inner scopes switched off: all that it makes stays with the scope around. */
export function hold<T>(fn: () => T): T {
  return withHeld(true, fn);
}

/** Runs `fn` with scopes that free what is made in them, though a tape may be open around: for what no tape sees. */
export function unheld<T>(fn: () => T): T {
  return withHeld(false, fn);
}

function withHeld<T>(value: boolean, fn: () => T): T {
  const outer = held;
  held = value;
  try {
    return fn();
  } finally {
    held = outer;
  }
}

/** True while inner scopes are switched off: an open tape needs what is made. */
export function isHeld(): boolean {
  return held;
}

/** Frees what its maker is done with, unless an open tape still needs it. */
export function discard(tensor: Disposable): void {
  if (!held) tensor.dispose();
}

/**
 * Takes a tensor out of its scope: it lives until `dispose`, or until nothing refers to it and the finalizer frees it.
 * For state that outlives the call which makes it: running statistics, an optimiser's moments.
 */
export function keep<T extends Disposable>(tensor: T): T {
  const owner = tensor as unknown as Owner;
  if (forget(owner)) owner.release();
  return tensor;
}

function collect(value: unknown, into: Set<unknown>): void {
  if (typeof value !== "object" || value === null || into.has(value)) return;
  into.add(value);
  if (value instanceof Map) for (const item of value.values()) collect(item, into);
  else if (Array.isArray(value) || value instanceof Set) for (const item of value) collect(item, into);
  else if (Object.getPrototypeOf(value) === Object.prototype) for (const item of Object.values(value)) collect(item, into);
}
