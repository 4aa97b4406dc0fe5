// Scales of the chart: pure numbers, no drawing.

/** Returns round ticks from zero that reach at least the maximum: {top, ticks}. With a smallest step of 1 all are integers. */
export function niceTicks(max, wanted = 4, smallest = 0) {
  if (!(max > 0)) return { top: Math.max(1, smallest), ticks: [0, Math.max(1, smallest)] };
  const rough = max / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = smallest === 1 && power < 10 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10];
  const step = Math.max(smallest, steps.find((times) => times * power >= rough * 0.999) * power);
  const number = Math.ceil(max / step - 1e-9);
  return { top: number * step, ticks: Array.from({ length: number + 1 }, (_, index) => index * step) };
}

/** Maps 0…top to bottom…height's upper end. */
export const linear = (top, bottom, height) => (value) => bottom - (value / top) * height;

/** Places a number of columns on a width: where each begins, its middle, its drawn width. */
export function band(number, left, width) {
  const step = width / Math.max(1, number);
  const size = Math.max(1, Math.min(step - (step > 4 ? 2 : 0.75), 36));
  return {
    step,
    size,
    start: (index) => left + index * step,
    middle: (index) => left + (index + 0.5) * step,
    indexAt: (x) => Math.min(number - 1, Math.max(0, Math.floor((x - left) / step))),
  };
}

/** Returns the indexes of the labels that fit when each needs some width; the last label is always among them. */
export function labelIndexes(number, width, needed) {
  const every = Math.max(1, Math.ceil((number * needed) / Math.max(1, width)));
  return Array.from({ length: number }, (_, index) => index).filter((index) => (number - 1 - index) % every === 0);
}

/** Writes points as path data; null points make gaps, never zeros. */
export function linePath(points) {
  let pen = "M";
  const parts = [];
  for (const point of points) {
    if (point === null) {
      pen = "M";
      continue;
    }
    parts.push(`${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`);
    pen = "L";
  }
  return parts.join("");
}

/** Finds runs of neighbours with the same trait: [{from, to}], both ends included. */
export function runs(items, trait) {
  const found = [];
  items.forEach((item, index) => {
    if (!trait(item)) return;
    const last = found.at(-1);
    if (last && last.to === index - 1) last.to = index;
    else found.push({ from: index, to: index });
  });
  return found;
}
