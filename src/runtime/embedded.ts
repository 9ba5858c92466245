// Modules as text inside the bundle. Base64 hides from gzip that the bytes repeat: the three builds take 54 KB of a compressed bundle
// in base64, 38 KB in this form, 36 KB as files.

/**
 * The bytes of a text that `encode` in `scripts/build.mjs` wrote. Characters from # to ~ without the backslash are digits: 0 to 87
 * stand for a byte, 88 and 89 add 88 and 176 to the one that follows.
 */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const digit = code - (code > 92 ? 36 : 35);
    if (digit < 88) {
      bytes[length++] = high + digit;
      high = 0;
    } else {
      high = (digit - 87) * 88;
    }
  }
  return bytes.slice(0, length);
}
