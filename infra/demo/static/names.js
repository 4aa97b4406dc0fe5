// Names that people gave things at the platform. They may hold anything, so they are kept from changing what stands beside them.

import { h } from "./dom.js";

/** Characters that are not seen and change what is: controls, and those that turn the direction of writing. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
const UNSEEN_IN_CSV = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const [ISOLATE, END] = ["\u2068", "\u2069"];

/** Returns a name without characters that are not seen. */
export const plain = (name) => name.replace(UNSEEN, "\ufffd");

/** Returns a name for a text without elements, such as an option or a label: its direction of writing ends with it. */
export const isolated = (name) => `${ISOLATE}${plain(name)}${END}`;

/** Makes the element of a name. */
export const nameOf = (name) => h("bdi", null, plain(name));

/** Returns a CSV file's text without characters that are not seen; its lines and fields stay. */
export const plainCsv = (text) => text.replace(UNSEEN_IN_CSV, "\ufffd");
