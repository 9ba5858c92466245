/** A file as a string: esbuild's `text` loader puts it into the bundle. */
declare module "*.txt" {
  const text: string;
  export default text;
}
