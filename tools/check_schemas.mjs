// Hold the published schemas against every fixture with ajv: proof that they serve other languages as they are.
//
//     node tools/check_schemas.mjs
//
// Every schema must compile in ajv's strict mode and hold its own examples. Valid fixtures pass; those that break a `schema.*` rule, or have no known
// kind, fail; those that only break a rule across fields or a limit of their run pass: schemas do not hold these.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SCHEMAS = join(ROOT, "src/medialog/validators/schemas/v1");
const FIXTURES = ["descriptors", "records"].map((name) => join(ROOT, "fixtures", name));

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
const list = (path) => readdirSync(path).sort();

const warnings = [];
const ajv = new Ajv2020({
  strict: true,
  strictTypes: true,
  strictTuples: true,
  allowUnionTypes: true, // a scalar of config and summary is one of several types
  allErrors: false,
  logger: { log: () => {}, warn: (text) => warnings.push(text), error: (text) => warnings.push(text) },
});
for (const keyword of ["x-medialog-kind", "x-medialog-limit"]) ajv.addKeyword({ keyword, metaSchema: { type: "string" } });

const problems = [];
const validators = new Map();
let examples = 0;
for (const name of list(SCHEMAS)) {
  const schema = readJson(join(SCHEMAS, name));
  try {
    validators.set(name.replace(".schema.json", ""), ajv.compile(schema));
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
    continue;
  }
  if (!schema.examples?.length) problems.push(`${name}: no examples`);
  const validate = validators.get(name.replace(".schema.json", ""));
  for (const [index, example] of (schema.examples ?? []).entries()) {
    examples += 1;
    if (!validate(example)) problems.push(`${name}: example ${index} must pass: ${ajv.errorsText(validate.errors)}`);
  }
}

let passed = 0;
let failed = 0;
const folders = FIXTURES.flatMap((root) =>
  ["valid", "invalid"].flatMap((group) => list(join(root, group)).map((folder) => [root, group, folder])),
);
for (const [root, group, folder] of folders) {
  const validate = validators.get(folder);
  if (!validate) {
    problems.push(`${group}/${folder}: no schema`);
    continue;
  }
  for (const name of list(join(root, group, folder))) {
    const document = readJson(join(root, group, folder, name));
    const descriptor = group === "valid" ? document : document.descriptor;
    const breaks = (rule) => rule.startsWith("schema.") || rule === "descriptor.kind";
    const wanted = group === "valid" || !document.expected.some(breaks);
    const got = validate(descriptor);
    if (got) passed += 1;
    else failed += 1;
    if (got !== wanted) {
      const said = got ? "accepted" : ajv.errorsText(validate.errors);
      problems.push(`${group}/${folder}/${name}: ${wanted ? "must pass" : "must fail"}: ${said}`);
    }
  }
}

for (const folder of validators.keys()) {
  for (const group of ["valid", "invalid"]) {
    if (!folders.some(([, g, f]) => g === group && f === folder)) problems.push(`${group}/${folder}: no fixtures`);
  }
}
for (const line of [...warnings.map((text) => `warning: ${text}`), ...problems]) console.error(line);
console.log(`${validators.size} schemas compiled, ${examples} examples accepted; ${passed} fixtures accepted, ${failed} refused; ${problems.length} problems`);
process.exit(problems.length || warnings.length ? 1 : 0);
