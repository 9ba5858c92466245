// Where blocks of known lifetimes lie in one piece of memory.

/** A piece of memory that is alive from one moment to another. */
export interface Block {
  readonly size: number;
  readonly from: number;
  to: number;
  /** Bytes from the arena's start, found by `arenaLayout`. */
  offset: number;
}

const ALIGNMENT = 64;

/**
 * Places the blocks so that none overlaps another that is alive at the same time, largest first, each in the smallest gap that
 * holds it. Finding the smallest arena is NP-hard; this order is within a few percent on networks.
 *
 * Source: Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020, "greedy by size".
 *
 * @returns bytes of the arena
 */
export function arenaLayout(blocks: readonly Block[]): number {
  const placed: Block[] = [];
  let bytes = 0;
  for (const block of [...blocks].sort((a, b) => b.size - a.size || a.from - b.from)) {
    const neighbours = placed.filter((other) => other.from < block.to && block.from < other.to).sort((a, b) => a.offset - b.offset);
    let end = 0, best = Infinity, smallest = Infinity;
    for (const other of neighbours) {
      const gap = other.offset - end;
      if (gap >= block.size && gap < smallest) {
        smallest = gap;
        best = end;
      }
      end = Math.max(end, aligned(other.offset + other.size));
    }
    block.offset = best === Infinity ? end : best;
    bytes = Math.max(bytes, aligned(block.offset + block.size));
    placed.push(block);
  }
  return bytes;
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}
