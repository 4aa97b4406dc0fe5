// Writes src/generated from the API's description: the types by openapi-typescript, the calls by the templates here.
//
//   node scripts/generate.mjs
//
// Git does not keep what this writes, so that it can be no older than the description.

import { cp, mkdir, readFile, writeFile } from "node:fs/promises";

import openapiTS, { astToString } from "openapi-typescript";

import { calls } from "./calls.mjs";

const home = new URL("../", import.meta.url);
const repository = new URL("../../", home);
const generated = new URL("src/generated/", home);

const description = JSON.parse(await readFile(new URL("functions/openapi/openapi.json", repository), "utf8"));
const { version } = JSON.parse(await readFile(new URL("package.json", home), "utf8"));
if (version !== description.info.version) {
  throw new Error(`package.json has version ${version}, the workspace has ${description.info.version}: write the same`);
}

await mkdir(generated, { recursive: true });
const types = await openapiTS(description, { rootTypes: true, rootTypesNoSchemaPrefix: true, alphabetize: true });
await writeFile(new URL("schema.ts", generated), astToString(types));
await writeFile(new URL("calls.ts", generated), calls(description));
await cp(new URL("LICENSE", repository), new URL("LICENSE", home));
