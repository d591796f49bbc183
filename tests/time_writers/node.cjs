// Schedule files as JavaScript's writers write their times: node node.cjs NODE_MODULES INTO
const fs = require('fs')
const path = require('path')
const [modules, into] = process.argv.slice(2).map(name => path.resolve(name))
const of = name => require(path.join(modules, name))
const version = name => `${name} ${of(`${name}/package.json`).version}, npm`

const nine = new Date(Date.UTC(2027, 5, 1, 9))
const taken = { utc: nine, midnight: new Date(Date.UTC(2027, 5, 1)) }
const texts = {
  utc: nine.toISOString(),
  'utc-json': JSON.parse(JSON.stringify(nine)),
  'local-swedish': nine.toLocaleString('sv-SE', { timeZone: 'UTC' })
}
const refused = {
  fraction: new Date(Date.UTC(2027, 5, 1, 9, 0, 0, 500)),
  'utc-words': nine.toString(),
  'utc-http': nine.toUTCString(),
  epoch: nine.getTime()
}
const document = times => ({
  defaults: { timezone: 'Europe/Berlin' },
  schedules: Object.fromEntries(Object.entries(times).map(([name, at]) => [name, { at, lambda: 'f' }]))
})
const write = (name, program, text) => fs.writeFileSync(path.join(into, `${name}.yaml`), `# ${program}\n${text}`)

const writers = [
  ['js-yaml', version('js-yaml'), value => of('js-yaml').dump(value)],
  ['npm-yaml', version('yaml'), value => of('yaml').stringify(value)]
]
for (const [name, program, dump] of writers) {
  write(name, program, dump(document(taken)))
  write(`${name}-texts`, program, dump(document(texts)))
  write(`${name}.refused`, program, dump(document(refused)))
}
// In YAML 1.1 a time without an offset is in UTC, and this writer leaves the `Z` out.
const older = times => of('yaml').stringify(document(times), { schema: 'yaml-1.1' })
write('npm-yaml-1.1', `${version('yaml')}, schema yaml-1.1`, older({ stripped: nine }))
write('npm-yaml-1.1.refused', `${version('yaml')}, schema yaml-1.1`, older({ date: taken.midnight }))
write('json', `JSON.stringify of node ${process.version}`, JSON.stringify(document(texts)) + '\n')
