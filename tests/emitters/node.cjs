// Hard texts as JavaScript's writers write them: node node.cjs NODE_MODULES TEXTS INTO
const fs = require('fs')
const path = require('path')
const [modules, from, into] = process.argv.slice(2).map(name => path.resolve(name))
const of = name => require(path.join(modules, name))
const version = name => `${name} ${of(`${name}/package.json`).version}, npm`
const texts = JSON.parse(fs.readFileSync(from, 'utf8'))

const document = payload => ({ schedules: { e: { at: '2027-06-01T09:00:00Z', lambda: 'f', payload } } })

function write (name, program, dump) {
  const lines = [`# ${program}`]
  texts.forEach((text, number) => {
    for (const [place, payload] of [['value', { v: text, l: [text] }], ['key', { [text]: { [text]: 'x' } }]]) {
      const line = { text: number, place }
      try { line.yaml = dump(document(payload)) } catch (why) { line.failed = why.message.split('\n')[0] }
      lines.push(JSON.stringify(line))
    }
  })
  fs.writeFileSync(path.join(into, `${name}.jsonl`), lines.join('\n') + '\n')
}

const [jsYaml, yaml] = [of('js-yaml'), of('yaml')]
const [older, newer] = [version('js-yaml'), version('yaml')]
write('js-yaml', older, value => jsYaml.dump(value))
write('js-yaml-flow', `${older}, flowLevel 0`, value => jsYaml.dump(value, { flowLevel: 0 }))
write('npm-yaml', newer, value => yaml.stringify(value))
write('npm-yaml-1.1', `${newer}, version 1.1`, value => yaml.stringify(value, { version: '1.1' }))
write('npm-yaml-literal', `${newer}, BLOCK_LITERAL`, value => yaml.stringify(value, { defaultStringType: 'BLOCK_LITERAL', defaultKeyType: 'PLAIN' }))
write('npm-yaml-folded', `${newer}, BLOCK_FOLDED`, value => yaml.stringify(value, { defaultStringType: 'BLOCK_FOLDED', defaultKeyType: 'PLAIN' }))
write('npm-yaml-single', `${newer}, QUOTE_SINGLE`, value => yaml.stringify(value, { defaultStringType: 'QUOTE_SINGLE' }))
write('npm-yaml-flow', `${newer}, collectionStyle flow`, value => yaml.stringify(value, { collectionStyle: 'flow' }))
write('node-json', `JSON.stringify of node ${process.version}`, value => JSON.stringify(value))
