// The demo's return page: hands the end of the connect flow to the page with the button, or goes on in its place.

import { returned } from "./connect.js";
import { finish } from "./connecting.js";

returned(async (end) => location.replace(`/?${new URLSearchParams(await finish(end))}`));
