// The part of round_trips.py that JavaScript does: node round_trips.mjs NODE_MODULES <DOCUMENTS >LINES
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'

const require = createRequire(path.resolve(process.argv[2], 'x.js'))
const [jsYaml, yaml, prettier] = ['js-yaml', 'yaml', 'prettier'].map(require)

const documents = JSON.parse(fs.readFileSync(0, 'utf8'))
const put = (writer, document, text) =>
  process.stdout.write(JSON.stringify({ writer, yaml: text, meant: JSON.stringify(document.schedules.e.payload) }) + '\n')
for (const document of documents) {
  const block = yaml.stringify(document)
  put('js-yaml', document, jsYaml.dump(document))
  put('npm yaml', document, block)
  put('prettier on block YAML', document, await prettier.format(block, { parser: 'yaml' }))
  put('prettier on JSON as YAML', document, await prettier.format(JSON.stringify(document), { parser: 'yaml' }))
}
