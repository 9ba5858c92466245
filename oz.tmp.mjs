import asc from "assemblyscript/asc"; import { readFileSync, mkdirSync } from "node:fs"; import { gzipSync } from "node:zlib";
import { delta, encode } from "./scripts/embed.mjs";
mkdirSync("/tmp/oz",{recursive:true});
async function make(target, out, extra){ const {error,stderr}=await asc.main(["assembly/index.ts","--target",target,"--outFile",out,...extra]); if(error) console.log(String(error), stderr.toString().slice(0,300)); return readFileSync(out); }
const simd=readFileSync("dist/wasm/simd.wasm"), relaxed=readFileSync("dist/wasm/relaxed.wasm"), scalar=readFileSync("dist/wasm/scalar.wasm");
const gz=(b)=>gzipSync(b,{level:9}).length;
console.log("now simd",simd.length,gz(encode(simd)),"scalar",scalar.length,gz(encode(delta(simd,scalar))),"relaxed",gz(encode(delta(simd,relaxed))));
for (const flags of [["--optimizeLevel","2","--shrinkLevel","2"],["--optimizeLevel","3","--shrinkLevel","2"],["--optimizeLevel","3","--shrinkLevel","2","--converge"]]) {
 const s=await make("scalar","/tmp/oz/s.wasm",flags); console.log(flags.join(" "),"scalar",s.length,gz(encode(delta(simd,s))));
}
for (const flags of [["--optimizeLevel","3","--shrinkLevel","2"],["--optimizeLevel","2","--shrinkLevel","2"]]) {
 const s=await make("simd","/tmp/oz/v.wasm",flags); const c=await make("scalar","/tmp/oz/s.wasm",flags); const r=await make("relaxed","/tmp/oz/r.wasm",flags); console.log(flags.join(" "),"simd",s.length,gz(encode(s)),"scalar",c.length,gz(encode(delta(s,c))),"relaxed",r.length,gz(encode(delta(s,r))));
}
