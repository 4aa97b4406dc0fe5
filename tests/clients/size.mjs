// Measures the connect script as a product would serve it: at most 2 kB after a minifier, before compression.
//
//   npm ci --prefix tests/clients && node tests/clients/size.mjs

import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

import { transform } from "esbuild";

const MOST = 2000;

const source = await readFile(new URL("../../clients/connect/connect.js", import.meta.url), "utf8");
const { code } = await transform(source, { minify: true, format: "esm", target: "es2020" });
const size = Buffer.byteLength(code);
console.log(`connect.js: ${size} bytes of ${MOST}, ${gzipSync(code, { level: 9 }).length} compressed`);
if (size > MOST) process.exit(1);
