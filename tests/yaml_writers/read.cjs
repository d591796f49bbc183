// Reads all schedule files below a directory with js-yaml and with yaml, as YAML 1.1 and 1.2, and prints what they see as JSON.
//
//   read.cjs NODE_MODULES DIRECTORY
const fs = require("fs");
const path = require("path");

const [modules, directory] = process.argv.slice(2);
const load = (name) => require(path.join(modules, name));
const jsYaml = load("js-yaml");
const yaml = load("yaml");

const files = (below) =>
  fs.readdirSync(below, { withFileTypes: true }).flatMap((one) => {
    const full = path.join(below, one.name);
    return one.isDirectory() ? files(full) : full.endsWith(".yaml") ? [full] : [];
  });

const seen = {};
for (const file of files(directory)) {
  const text = fs.readFileSync(file, "utf8");
  seen[file] = {
    "js-yaml": jsYaml.load(text),
    yaml: yaml.parse(text, { version: "1.2", maxAliasCount: -1 }),
    "yaml 1.1": yaml.parse(text, { version: "1.1", maxAliasCount: -1 }),
  };
}
process.stdout.write(JSON.stringify(seen));
