// Adds to each line what npm's `yaml` reads by YAML 1.2: node reference.cjs NODE_MODULES FILE…
//
// "npm" is "equal" (the text is what it was), the payload in its place as a JSON text, or "error".
const fs = require('fs')
const path = require('path')
const yaml = require(path.resolve(process.argv[2], 'yaml'))
const texts = JSON.parse(fs.readFileSync(path.join(__dirname, 'texts.json'), 'utf8'))

function read ({ text, place, yaml: source }) {
  let payload
  try {
    const document = yaml.parseDocument(source, { version: '1.2', logLevel: 'silent', maxAliasCount: -1 })
    if (document.errors.length) return 'error'
    const node = document.contents.get('schedules').get('e').get('payload')
    // As it stands: a key that is not a text must not become one.
    payload = node.toJS(document, { mapAsMap: true })
  } catch { return 'error' }
  const shown = value => {
    if (value instanceof Map) return `{${[...value].map(pair => pair.map(shown).join(':')).join(',')}}`
    if (Array.isArray(value)) return `[${value.map(shown).join(',')}]`
    return value === undefined ? 'undefined' : JSON.stringify(value) ?? String(value)
  }
  const key = JSON.stringify(texts[text])
  const meant = {
    key: [`{${key}:{${key}:"x"}}`],
    value: [`{"v":${key},"l":[${key}]}`, `{"l":[${key}],"v":${key}}`],
    // A key without quotes is a number to it.
    ids: [`{${texts[text]}:["x"],1001:{2042:${key},7:"x"}}`, `{${key}:["x"],"1001":{"2042":${key},"7":"x"}}`]
  }[place]
  const found = shown(payload)
  return meant.includes(found) ? 'equal' : found
}

for (const file of process.argv.slice(3)) {
  const [head, ...lines] = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  const judged = lines.map(line => {
    const one = JSON.parse(line)
    if (one.yaml !== undefined) one.npm = read(one)
    return JSON.stringify(one)
  })
  fs.writeFileSync(file, [head, ...judged].join('\n') + '\n')
}
