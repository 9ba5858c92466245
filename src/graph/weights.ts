import { free } from "../runtime/memory.ts";
import type { PreparedForms } from "../runtime/capture.ts";
import { Value } from "./value.ts";
import type { Graph } from "./graph.ts";

interface Form {
  readonly ptr: number;
  readonly bytes: number;
}

/** The constants of a graph and the forms in which kernels read them: packed once, shared by the plans of all input shapes. */
export class Weights implements PreparedForms {
  readonly values: ReadonlyMap<string, Value>;
  /** The constants that the node at hand reads. */
  reading: readonly Value[] = [];
  readonly #own: ReadonlySet<Value>;
  readonly #forms = new Map<Value, Map<string, Form>>();

  constructor(graph: Graph) {
    this.values = new Map([...graph.constants].map(([name, constant]) => [name, Value.constant(constant)]));
    this.#own = new Set(this.values.values());
  }

  /** True if the value is one of the graph's constants. */
  owns(value: Value): boolean {
    return this.#own.has(value);
  }

  /** Bytes of all prepared forms and of the constants that are read as they are. */
  get bytes(): number {
    let bytes = 0;
    for (const forms of this.#forms.values()) for (const form of forms.values()) bytes += form.bytes;
    for (const value of this.values.values()) bytes += (value.held?.size ?? 0) * 4;
    return bytes;
  }

  has(source: number): boolean {
    return this.#find(source) !== undefined;
  }

  get(source: number, form: string): number | undefined {
    const found = this.#find(source);
    return found && this.#forms.get(found.value)?.get(found.path + form)?.ptr;
  }

  set(source: number, form: string, ptr: number, bytes: number): void {
    const { value, path } = this.#find(source)!;
    const forms = this.#forms.get(value) ?? new Map<string, Form>();
    this.#forms.set(value, forms.set(path + form, { ptr, bytes }));
  }

  /** Gives back what belongs to a constant. */
  release(value: Value): void {
    value.dispose();
    for (const { ptr, bytes } of this.#forms.get(value)?.values() ?? []) free(ptr, bytes);
    this.#forms.delete(value);
  }

  dispose(): void {
    for (const value of new Set([...this.#own, ...this.#forms.keys()])) this.release(value);
  }

  // A constant tensor, or a form of one: forms have forms.
  #find(source: number): { value: Value; path: string } | undefined {
    for (const value of this.reading) {
      if (value.held?.ptr === source) return { value, path: "" };
      for (const [path, { ptr }] of this.#forms.get(value) ?? []) if (ptr === source) return { value, path: `${path}/` };
    }
    return undefined;
  }
}
