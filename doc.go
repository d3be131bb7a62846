// Package holdfast is the vocabulary of the product: the words that RevOps
// authors, customer-success managers and the code share. It holds types and
// names only, imports nothing but the standard library, and decides nothing.
//
//   - account: a customer company. contact: a person at it. owner: our person for it.
//   - event: something that happened (product usage, ticket, reply, task outcome).
//   - playbook: what to do for an account, written in YAML; published as immutable versions.
//   - enrollment: one account's run through one version of a playbook.
//   - trigger: why an enrollment starts. exit: why it stops early. goal: what it is for.
//   - step: one thing a playbook does, known by its id. path: a step's place in one
//     enrollment, loop passes included (watch[12]/mail).
//   - touch: one message to one person over one channel. task: human work with an owner.
//   - guardrail: what a playbook promises about when and how often it touches. guard: the
//     code that keeps one such promise, and says why.
//   - lane, hold, rest, holdout: one conversation an account, pause of an account, quiet
//     time after an end, accounts left alone to measure lift.
package holdfast
