/* Builds the two scripts that Kindred serves: `npm run build`, or `node build.js --to FOLDER`. The same sources give the same
 * bytes on every machine: a test builds them again and compares. */

import { build, transform } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SERVED = join(HERE, "../../recommendations/static/recommendations");
const named = process.argv.indexOf("--to");
const outdir = named > 0 ? resolve(process.argv[named + 1]) : SERVED;

/* Style sheets come in as text, made small. */
const styles = {
  name: "styles",
  setup(it) {
    it.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const options = {
  absWorkingDir: HERE,
  outdir: SERVED, // wherever it is written to: source maps say the way from there
  write: false,
  bundle: true,
  minify: true,
  sourcemap: true,
  sourcesContent: true,
  target: ["chrome105", "firefox110", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  plugins: [styles],
};

const built = [];
built.push(await build({ ...options, format: "esm", entryPoints: { kindred: "src/index.js" } }));
built.push(await build({
  ...options,
  format: "iife",
  entryPoints: { "kindred.classic": "src/index.js" },
  define: { "import.meta.url": "document.currentScript.src" }, // what a classic script knows of itself
}));
for (const { path, contents } of built.flatMap(({ outputFiles }) => outputFiles)) {
  await writeFile(join(outdir, basename(path)), contents);
}
