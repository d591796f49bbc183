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
  // A document without anything beside the one that says something counts for nothing.
  const only = (documents) => documents.filter((document) => document !== null && document !== undefined)[0];
  const npm = (version) =>
    only(
      yaml.parseAllDocuments(text, { version }).map((document) => {
        if (document.errors.length > 0) throw document.errors[0];
        return document.toJS({ maxAliasCount: -1 });
      }),
    );
  // Names that are one number to it are one key, which is an error.
  const tried = (read) => {
    try {
      return read();
    } catch (why) {
      return { schedules: {}, refused: why.reason ?? why.code };
    }
  };
  seen[file] = {
    "js-yaml": tried(() => only(jsYaml.loadAll(text))),
    yaml: tried(() => npm("1.2")),
    "yaml 1.1": tried(() => npm("1.1")),
  };
}
process.stdout.write(JSON.stringify(seen));
