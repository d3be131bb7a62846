// Drives the real binary with the protocol library that VS Code uses. HOLDFAST
// is the binary, PROJECT a directory that `holdfast init` made, and README the
// page whose first playbook is opened.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import protocol from 'vscode-languageserver-protocol/node.js'

const { createProtocolConnection, StreamMessageReader, StreamMessageWriter, DiagnosticSeverity, ErrorCodes, LSPErrorCodes } = protocol
const { HOLDFAST, PROJECT, README } = process.env
const file = join(PROJECT, 'playbooks', 'check-in.yaml')
const uri = pathToFileURL(file).href
const playbook = /```yaml\n([\s\S]*?)```/.exec(readFileSync(README, 'utf8'))[1]

let server, client, version = 0
const published = new Map()
const waiting = []

before(async () => {
  server = spawn(HOLDFAST, ['lsp', '--stdio', '--pause', '20ms'], { stdio: ['pipe', 'pipe', 'inherit'] })
  client = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin))
  client.onNotification('textDocument/publishDiagnostics', p => {
    published.set(`${p.uri} ${p.version}`, p.diagnostics)
    for (const w of waiting.splice(0)) w()
  })
  client.onRequest('client/registerCapability', () => null)
  client.listen()
  const hello = await client.sendRequest('initialize', {
    processId: process.pid, rootUri: pathToFileURL(PROJECT).href,
    capabilities: { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } },
  })
  assert.equal(hello.serverInfo.name, 'holdfast')
  await client.sendNotification('initialized', {})
})

after(async () => {
  await client.sendRequest('shutdown')
  const ended = once(server, 'exit')
  await client.sendNotification('exit')
  const [code] = await ended
  assert.equal(code, 0, 'an orderly end has exit code 0')
})

// open puts text into the editor, with § as the cursor, and says where that is.
async function open (text) {
  const at = text.indexOf('§')
  const clean = text.replace('§', '')
  version++
  if (version === 1) {
    await client.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version, text: clean } })
  } else {
    await client.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text: clean }] })
  }
  const lines = clean.slice(0, at).split('\n')
  return { line: lines.length - 1, character: lines.at(-1).length }
}

async function findings () {
  while (!published.has(`${uri} ${version}`)) await new Promise(resolve => waiting.push(resolve))
  return published.get(`${uri} ${version}`)
}

// place of a word in the playbook, as the editor counts.
function place (text, word) {
  const lines = text.split('\n')
  const line = lines.findIndex(l => l.includes(word))
  return { line, character: lines[line].indexOf(word) }
}

const ask = (method, position, more) => client.sendRequest(`textDocument/${method}`, { textDocument: { uri }, position, ...more })
const labels = async position => (await ask('completion', position)).items.map(i => i.label)

test('the playbook of the README has no mistake', async () => {
  await open(playbook)
  assert.deepEqual((await findings()).filter(d => d.severity === DiagnosticSeverity.Error), [])
})

test('a mistake is shown at its column, behind an emoji too', async () => {
  const text = playbook.replace('"Call {{ account.name }}', '"😀 Call {{ account.nmae }}')
  await open(text)
  const found = (await findings()).find(d => d.code === 'unknown-variable')
  assert.ok(found, 'the unknown variable is found')
  const start = place(text, 'account.nmae')
  assert.deepEqual(found.range, { start, end: { line: start.line, character: start.character + 'account.nmae'.length } })
  assert.match(found.message, /did you mean "account.name"\?/)
})

test('its quick fix mends it', async () => {
  const text = playbook.replace('{{ account.name }}', '{{ account.nmae }}')
  await open(text)
  const [found] = (await findings()).filter(d => d.code === 'unknown-variable')
  const [fix] = await client.sendRequest('textDocument/codeAction', { textDocument: { uri }, range: found.range, context: { diagnostics: [found] } })
  assert.equal(fix.title, 'Change to account.name')
  assert.deepEqual(fix.edit.changes[uri], [{ range: found.range, newText: 'account.name' }])
})

test('verbs, keys, fields and values are completed', async () => {
  const verbs = await labels(await open(playbook.replace('  - {id: close', '  - {id: more, §}\n  - {id: close')))
  assert.ok(verbs.includes('email') && verbs.includes('wait_for'), verbs.join())
  const keys = await labels(await open(playbook + '§\n'))
  assert.ok(keys.includes('goal') && !keys.includes('steps'), keys.join())
  const fields = await labels(await open(playbook.replace('account.status', 'account.§status')))
  assert.ok(fields.includes('status') && fields.includes('renewal_date'), fields.join())
  const values = await labels(await open(playbook.replace('"active"', '"§"')))
  assert.ok(values.includes('churned'), values.join())
  const events = await labels(await open(playbook.replace('email.replied', '§')))
  assert.ok(events.includes('meeting.booked'), events.join())
})

test('a file that does not parse is completed as well', async () => {
  const verbs = await labels(await open('playbook: check-in\ngoal: {when: [\nsteps:\n  - id: ask\n    §\n'))
  assert.ok(verbs.includes('email'), verbs.join())
  assert.ok((await findings()).some(d => d.code === 'syntax'))
})

test('hover says what a key, a field and a span are', async () => {
  const over = async (text) => (await ask('hover', await open(text)))?.contents.value ?? ''
  assert.match(await over(playbook.replace('wait: 3bd', 'wait: 3§bd')), /3 business days/)
  assert.match(await over(playbook.replace('email: check-in', 'em§ail: check-in')), /Writes to one person/)
  assert.match(await over(playbook.replace('account.status', 'account.sta§tus')), /trial, active/)
})

test('a template, and a step, are gone to', async () => {
  const template = await ask('definition', await open(playbook.replace('email: check-in', 'email: che§ck-in')))
  assert.ok(template.uri.endsWith('/templates/check-in.md'), template.uri)
})

test('a step is renamed, and says what it was', async () => {
  const position = await open(playbook.replace('id: patience', 'id: pat§ience'))
  assert.equal((await ask('prepareRename', position)).placeholder, 'patience')
  const edit = await ask('rename', position, { newName: 'pause_a_bit' })
  assert.deepEqual(edit.changes[uri].map(e => e.newText), ['pause_a_bit', ', was: patience'])
  await assert.rejects(ask('rename', position, { newName: 'ask' }), e => e.code === LSPErrorCodes.RequestFailed)
})

test('symbols are the steps', async () => {
  await open(playbook)
  const [book] = await client.sendRequest('textDocument/documentSymbol', { textDocument: { uri } })
  assert.deepEqual(book.children.map(s => s.name), ['ask', 'patience', 'call', 'close'])
})

test('a file that changes outside the editor is read again', async () => {
  await open(playbook.replace('account.status == "active"', 'account.tier == "gold"'))
  assert.ok((await findings()).some(d => d.code === 'unknown-field'))
  writeFileSync(join(PROJECT, 'tier.yaml'), 'schema: account\nfields: {tier: string}\n')
  published.delete(`${uri} ${version}`)
  await client.sendNotification('workspace/didChangeWatchedFiles', { changes: [{ uri: pathToFileURL(join(PROJECT, 'tier.yaml')).href, type: 1 }] })
  assert.ok(!(await findings()).some(d => d.code === 'unknown-field'))
})

test('an unknown method is refused by its code', async () => {
  await assert.rejects(client.sendRequest('holdfast/dance'), e => e.code === ErrorCodes.MethodNotFound)
})
