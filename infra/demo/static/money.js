// Money and counts as text. Amounts are whole micro units in BigInt from the wire to the last digit shown.

import { locale } from "./texts.js";

const MICRO_DIGITS = 6;
const formats = new Map();

function format(key, options) {
  const name = `${locale()} ${key}`;
  if (!formats.has(name)) formats.set(name, new Intl.NumberFormat(locale(), options));
  return formats.get(name);
}

/** Returns how many digits after the point a currency has. */
export function fractionDigits(currency) {
  return format(`c ${currency}`, { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

/** Rounds micro units to a number of decimal digits, half away from zero; returns whole units of the last digit. */
export function roundMicros(micros, digits) {
  const step = 10n ** BigInt(MICRO_DIGITS - digits);
  const half = step / 2n;
  const size = micros < 0n ? -micros : micros;
  const rounded = (size + half) / step;
  return micros < 0n ? -rounded : rounded;
}

/** Writes an integer with its last digits behind a point: (12345n, 2) is "123.45". */
export function decimalText(units, digits) {
  const sign = units < 0n ? "-" : "";
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, "0");
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Writes an amount as people read it, exact to the currency's last digit. */
export function money(micros, currency) {
  const digits = fractionDigits(currency);
  const exact = decimalText(roundMicros(BigInt(micros), digits), digits);
  return format(`c ${currency}`, { style: "currency", currency }).format(exact);
}

/** Writes a round amount for an axis, such as €1.2K. */
export function axisMoney(micros, currency) {
  const options = { style: "currency", currency, notation: "compact", maximumFractionDigits: 2, minimumFractionDigits: 0 };
  return format(`a ${currency}`, options).format(micros / 1e6);
}

/** Writes a whole or fractional count. */
export const count = (value) => format("n", { maximumFractionDigits: 2 }).format(value);

/** Writes a ratio as a percentage. */
export const percent = (value) =>
  format("p", { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);

/** Writes a ratio as a factor, such as 3.21×. */
export const factor = (value) =>
  `${format("f", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value)}×`;

/** Reads JSON and keeps every amount_micros exact. */
export function parseExact(text) {
  return JSON.parse(text, (key, value, context) =>
    key === "amount_micros" && value !== null ? BigInt(context?.source?.replaceAll('"', "") ?? value) : value);
}
