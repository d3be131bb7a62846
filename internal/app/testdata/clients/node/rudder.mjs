// Hands events in as an application does with RudderStack's SDK: URL and KEY name where.
import RudderAnalytics from '@rudderstack/rudder-sdk-node'

const a = new RudderAnalytics(process.env.KEY, { dataPlaneUrl: process.env.URL, flushAt: 5, flushInterval: 200, logLevel: 'error', retryCount: 10 })
const userId = 'u-rudder'
const sent = []
const send = (kind, message) => sent.push(new Promise((ok, no) => a[kind](message, e => (e ? no(e) : ok()))))
send('track', { anonymousId: 'anon-rudder', event: 'Signed Up' })
send('identify', { userId, traits: { email: 'bob@acme.example', plan: 'pro' } })
send('group', { userId, groupId: 'acct-rudder', traits: { name: 'Beta', arr: 5000 } })
send('alias', { userId, previousId: 'anon-rudder' })
send('page', { userId, name: 'Docs' })
send('track', { userId, event: 'approval.granted', properties: { kind: 'discount' } })
for (let n = 0; n < 20; n++) send('track', { userId, event: 'Report Exported', properties: { n } })
for (let n = 0; n < 2; n++) send('track', { userId, event: 'Feature Used', messageId: 'a-fixed-id' })
await a.flush()
await Promise.all(sent)
process.exit(0)
