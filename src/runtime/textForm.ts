// The form of modules as text, for those who write it (scripts/embed.mjs) and read it (assembly/decoder.ts, embedded.ts): the file is
// AssemblyScript too.
//
// A text is a list of pieces, each a byte or a copy of what lies some distance back. The list is told in bits, and a bit takes the less of
// the text the more it was to be expected, by how often it was set before in its context (a range coder). Gzip finds nothing to shorten
// there, and spends on each of 64 characters the 6 bits that it holds.

// Contexts of bits: bytes by the one before, then these.
export const IS_COPY = 0x10000, IS_SAME = 0x10002, LENGTH = 0x11000, DISTANCE = 0x12000, SAME_LENGTH = 0x13000, CONTEXTS = 0x14000;

// The chance of a one is told in parts of 2^16, a half at first. A bit brings it a half, a quarter, an eighth, and at last a sixteenth of
// the way to what would be certain but for LEAST, by how often the context was met, up to MOST_MET.
export const MOST_MET = 13, LEAST = 32;

// Where the decoder's memory holds the text and the bytes, behind four bytes for each context. No module takes more text than that.
export const TEXT = 0x50000, BYTES = 0x60000;
