/* Puts the scripts that Kindred serves into dist/ for `npm pack`, so that the package and the server have the same bytes. */

import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SERVED = join(HERE, "../../recommendations/static/recommendations");

await mkdir(join(HERE, "dist"), { recursive: true });
for (const name of ["kindred.js", "kindred.js.map", "kindred.classic.js", "kindred.classic.js.map"]) {
  await copyFile(join(SERVED, name), join(HERE, "dist", name));
}
