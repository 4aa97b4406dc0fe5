// The demo's texts, for tests that ask the page's modules for sentences.

import { readdir, readFile } from "node:fs/promises";

import { useTexts } from "../../../infra/demo/static/texts.js";

const FOLDER = new URL("../../../infra/demo/static/texts/", import.meta.url);
const PLATFORM = { word: "tiktok_ads", platform: "TikTok Ads", vendor: "TikTok" };

/** Lists the languages: one file each. */
export const languages = async () => (await readdir(FOLDER)).map((name) => name.replace(".json", "")).toSorted();

/** Reads the texts of a language. */
export const textsOf = async (language) => JSON.parse(await readFile(new URL(`${language}.json`, FOLDER), "utf8"));

/** Lets the page's modules speak a language. */
export const speak = async (language, preferred = []) => useTexts({ language, texts: await textsOf(language), platform: PLATFORM }, preferred);
