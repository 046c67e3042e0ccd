// One static file of the editor, with what it was made from, and beside it every package's licence.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const OUT = "../studyapp/static/studyapp/";
const MADE_FROM = ["build.js", "package.json", "package-lock.json",
  ...readdirSync("source").sort().map((name) => `source/${name}`)];

const digest = createHash("sha256");
for (const name of MADE_FROM) digest.update(readFileSync(name));

const { metafile } = await build({
  entryPoints: ["source/editor.js"],
  outfile: `${OUT}editor.js`,
  bundle: true,
  minify: true,
  metafile: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  banner: { js: `// Bundled by \`make editor\` from sources ${digest.digest("hex")}; licences: editor.licences.txt` },
});

const packages = Object.keys(metafile.inputs)
  .filter((path) => path.startsWith("node_modules/"))
  .map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)[1]);
const licences = [...new Set(packages)].sort().map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`));
  return `${name} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}\n`;
});
writeFileSync(`${OUT}editor.licences.txt`, licences.join(`\n${"-".repeat(80)}\n\n`));
