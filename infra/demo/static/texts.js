// What the page says. The server puts the visitor's language into the page: its texts by key, its code, the platform's names.

let spoken = { code: "en", locale: "en-GB", texts: {}, names: {}, plural: new Intl.PluralRules("en-GB"), number: new Intl.NumberFormat("en-GB") };

const page = globalThis.document?.getElementById("texts");
if (page) useTexts(JSON.parse(page.textContent), navigator.languages);

/** Takes a language's texts. Dates and numbers follow the visitor's region where it speaks that language. */
export function useTexts({ language, texts, platform }, preferred = []) {
  const locale = preferred.find((tag) => tag.split("-")[0].toLowerCase() === language && tag.includes("-")) ?? texts["page.locale"];
  spoken = { code: language, locale, texts, names: platform, plural: new Intl.PluralRules(locale), number: new Intl.NumberFormat(locale) };
}

/** Returns the locale of dates, numbers and sorting. */
export const locale = () => spoken.locale;

/** Returns the code of the language. */
export const language = () => spoken.code;

/** Returns the word by which the API knows the platform. */
export const platformWord = () => spoken.names.word;

/** Writes the text of a key with its values. Where a text depends on a number, that number is the value `count`. */
export function say(key, values = {}) {
  const found = spoken.texts[key];
  const text = found === null || typeof found !== "object" ? found : (found[spoken.plural.select(values.count)] ?? found.other);
  if (text === undefined) return key;
  const all = { ...spoken.names, ...values };
  return text.replace(/\{(\w+)\}/g, (whole, name) => (typeof all[name] === "number" ? spoken.number.format(all[name]) : (all[name] ?? whole)));
}

/** Writes the text of a word that the API sent; a word that the page does not know stays as it is. */
export const sayWord = (family, word) => (hasText(`${family}.${word}`) ? say(`${family}.${word}`) : word.replaceAll("_", " "));

/** Returns whether the language has a text. */
export const hasText = (key) => Object.hasOwn(spoken.texts, key);
