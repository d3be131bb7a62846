// Hands events in as an application does with Segment's SDK: URL and KEY name where.
import { Analytics } from '@segment/analytics-node'

const a = new Analytics({ writeKey: process.env.KEY, host: process.env.URL, flushAt: 5, flushInterval: 200, maxRetries: 20 })
const failed = []
a.on('error', e => failed.push(e))
const userId = 'u-node'
a.track({ anonymousId: 'anon-node', event: 'Signed Up' })
a.identify({ userId, traits: { email: 'amy@acme.example', plan: 'pro' } })
a.group({ userId, groupId: 'acct-node', traits: { name: 'Acme', arr: 120000 } })
a.alias({ userId, previousId: 'anon-node' })
a.page({ userId, name: 'Pricing' })
a.track({ userId, event: 'approval.granted', properties: { kind: 'discount' } })
for (let n = 0; n < 20; n++) a.track({ userId, event: 'Report Exported', properties: { n } })
for (let n = 0; n < 2; n++) a.track({ userId, event: 'Feature Used', messageId: 'a-fixed-id' })
await a.closeAndFlush({ timeout: 60000 })
if (failed.length > 0) throw new Error(JSON.stringify(failed))
