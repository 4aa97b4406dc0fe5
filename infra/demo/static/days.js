// Calendar days as YYYY-MM-DD text, and instants as people read them.

import { locale, say } from "./texts.js";

const DAY_MS = 86_400_000;
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

const noon = (day) => new Date(`${day}T12:00:00Z`);

/** Returns the day of an instant in a time zone. */
export function dayIn(zone, millis) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" })
    .formatToParts(new Date(millis));
  const part = (type) => parts.find((found) => found.type === type).value;
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** Returns a day some days later, or earlier with a negative number. */
export function addDays(day, number) {
  return new Date(noon(day).getTime() + number * DAY_MS).toISOString().slice(0, 10);
}

/** Lists all days from one to another, both included. */
export function range(from, to) {
  const days = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Writes a day as an axis shows it: 12 Oct. */
export const shortDay = (day) =>
  noon(day).toLocaleDateString(locale(), { timeZone: "UTC", day: "numeric", month: "short" });

/** Writes a day as a line of a table shows it: Mon, 12 Oct 2026. */
export const rowDay = (day) =>
  noon(day).toLocaleDateString(locale(), { timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric" });

/** Writes a day as a sentence shows it: Mon, 12 October 2026. */
export const longDay = (day) =>
  noon(day).toLocaleDateString(locale(), { timeZone: "UTC", weekday: "short", day: "numeric", month: "long", year: "numeric" });

/** Writes an instant as a wall clock shows it: 14:03:12. */
export const clockTime = (instant) => new Date(instant).toLocaleTimeString(locale(), CLOCK);

/** Writes an instant with its day: 12 Oct 2026, 14:03:12. */
export const dateTime = (instant) => new Date(instant).toLocaleString(locale(), { day: "numeric", month: "short", year: "numeric", ...CLOCK });

/** Writes an instant beside another: the time alone when both are on the same day. */
export const timeBeside = (instant, other) =>
  new Date(instant).toDateString() === new Date(other).toDateString() ? clockTime(instant) : dateTime(instant);

/** Writes a length of time in its two largest units: 6 d 23 h, 19 min 32 s. */
export function duration(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  const units = [["d", Math.floor(seconds / 86_400)], ["h", Math.floor(seconds / 3600) % 24],
    ["min", Math.floor(seconds / 60) % 60], ["s", seconds % 60]];
  const largest = units.findIndex(([, value]) => value > 0);
  const first = largest < 0 ? units.length - 1 : largest;
  return units.slice(first, first + 2).map(([unit, value]) => say(`unit.${unit}`, { value })).join(" ");
}
