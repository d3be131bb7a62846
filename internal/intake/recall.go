package intake

import (
	"cmp"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// recall is the transaction of a replay: what the intake reads and writes while
// it decides, in memory and in the shapes it asks for. Of the rest of a store it
// has nothing, since no step runs: no touch, no task, no rest, no listener.
type recall struct {
	store.Tx // nil: the intake calls nothing else

	ends    func(store.Enrollment) time.Time // when one is taken to be over; zero: never
	now     *time.Time                       // of the replay
	seen    map[[2]string]int64
	objects map[[2]string]store.Object
	owned   map[[2]string][]store.Object // by account and kind, by key
	days    map[[2]string][]store.Bucket // by account and metric, by day
	truths  map[[3]string]store.Truth
	dues    agenda
	started []Entry
	place   map[string]int   // of an enrollment in started
	runs    map[string][]int // in started, by account
	aliases map[[2]string]string
	refused []Refusal
	said    map[string]bool // keys of their lines
}

func newRecall(messages int, ends func(store.Enrollment) time.Time) *recall {
	return &recall{
		ends: ends, seen: make(map[[2]string]int64, messages), objects: map[[2]string]store.Object{},
		owned: map[[2]string][]store.Object{}, days: map[[2]string][]store.Bucket{},
		truths: map[[3]string]store.Truth{}, dues: agenda{byKey: map[string]store.Due{}}, place: map[string]int{}, runs: map[string][]int{}, aliases: map[[2]string]string{}, said: map[string]bool{},
	}
}

func (*recall) MetaGet(string) (string, error) { return "", nil }
func (*recall) MetaSet(string, string) error   { return nil }

func (*recall) AddAudit(store.Audit) error { return nil }

// Accounts and contacts stay in the batch, which asks once.

func (*recall) Account(string) (store.Account, error) { return store.Account{}, store.ErrNotFound }
func (*recall) PutAccount(store.Account) error        { return nil }
func (*recall) Contact(string) (store.Contact, error) { return store.Contact{}, store.ErrNotFound }
func (*recall) PutContact(store.Contact) error        { return nil }
func (*recall) Suppress(store.Suppression) error      { return nil }

// Who may be written to does not matter to a replay: nobody is.

func (*recall) Unsuppress(string, string, string) error                  { return nil }
func (*recall) Suppressions(string, string) ([]store.Suppression, error) { return nil, nil }
func (*recall) OptOuts(string) ([]store.Event, error)                    { return nil, nil }

func (t *recall) AppendEvent(m holdfast.Message, _ time.Time) (int64, bool, error) {
	key := [2]string{m.Source, m.ID}
	if seq, ok := t.seen[key]; ok {
		return seq, false, nil
	}
	seq := int64(len(t.seen) + 1)
	t.seen[key] = seq
	return seq, true, nil
}

func (t *recall) Object(kind, key string) (store.Object, error) {
	if o, ok := t.objects[[2]string{kind, key}]; ok {
		return o, nil
	}
	return store.Object{}, store.ErrNotFound
}

func (t *recall) PutObject(o store.Object) error {
	key := [2]string{o.Kind, o.Key}
	if old, ok := t.objects[key]; ok && old.Account != o.Account {
		from := [2]string{old.Account, o.Kind}
		t.owned[from] = slices.DeleteFunc(t.owned[from], func(x store.Object) bool { return x.Key == o.Key })
	}
	t.objects[key] = o
	to := [2]string{o.Account, o.Kind}
	i, there := slices.BinarySearchFunc(t.owned[to], o.Key, func(x store.Object, key string) int { return cmp.Compare(x.Key, key) })
	if there {
		t.owned[to][i] = o
	} else {
		t.owned[to] = slices.Insert(t.owned[to], i, o)
	}
	return nil
}

func (t *recall) Objects(account, kind string) ([]store.Object, error) {
	return t.owned[[2]string{account, kind}], nil
}

func (t *recall) AddToBucket(account, metric, day string, count int64, sum float64) error {
	key := [2]string{account, metric}
	bs := t.days[key]
	i, there := slices.BinarySearchFunc(bs, day, func(b store.Bucket, day string) int { return cmp.Compare(b.Day, day) })
	if there {
		bs[i].Count += count
		bs[i].Sum += sum
		return nil
	}
	t.days[key] = slices.Insert(bs, i, store.Bucket{Day: day, Count: count, Sum: sum})
	return nil
}

func (t *recall) Buckets(account, metric, from, to string) ([]store.Bucket, error) {
	bs := t.days[[2]string{account, metric}]
	day := func(b store.Bucket, day string) int { return cmp.Compare(b.Day, day) }
	i, _ := slices.BinarySearchFunc(bs, from, day)
	j, there := slices.BinarySearchFunc(bs, to, day)
	if there {
		j++
	}
	return bs[i:max(i, j)], nil
}

func (t *recall) Truth(playbook, trigger, account string) (store.Truth, error) {
	if v, ok := t.truths[[3]string{playbook, trigger, account}]; ok {
		return v, nil
	}
	return store.Truth{}, store.ErrNotFound
}

func (t *recall) PutTruth(v store.Truth) error {
	t.truths[[3]string{v.Playbook, v.Trigger, v.Account}] = v
	return nil
}

func (t *recall) PutDue(d store.Due) error {
	t.dues.put(d)
	return nil
}

func (t *recall) Due(key string) (store.Due, error) {
	if d, ok := t.dues.byKey[key]; ok {
		return d, nil
	}
	return store.Due{}, store.ErrNotFound
}

func (t *recall) DropDue(key string) error {
	delete(t.dues.byKey, key)
	return nil
}

func (t *recall) Enroll(e store.Enrollment) (bool, error) {
	if _, there := t.place[e.ID]; there {
		return false, nil
	}
	t.place[e.ID] = len(t.started)
	t.runs[e.Account] = append(t.runs[e.Account], len(t.started))
	t.started = append(t.started, Entry{Enrollment: e})
	return true, nil
}

// EnrollmentsOf is asked once for each account, before any has started, and after
// a merge.
func (t *recall) EnrollmentsOf(account string, _ bool) (es []store.Enrollment, err error) {
	for _, i := range t.runs[account] {
		es = append(es, t.started[i].Enrollment)
	}
	slices.SortFunc(es, func(a, b store.Enrollment) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return es, nil
}

func (t *recall) Enrollment(id string) (store.Enrollment, error) {
	if i, there := t.place[id]; there {
		return t.started[i].Enrollment, nil
	}
	return store.Enrollment{}, store.ErrNotFound
}

func (t *recall) PutEnrollment(e store.Enrollment) error {
	t.started[t.place[e.ID]].Enrollment = e
	return nil
}

func (t *recall) Signal(s store.Signal) error {
	if e := &t.started[t.place[s.Enrollment]]; s.Kind == "exit" && e.Left.IsZero() {
		e.Left, e.Outcome = s.At, s.Outcome
	}
	return nil
}

func (*recall) Wake(string) error { return nil }

func (t *recall) ExitOf(id string) (store.Signal, error) {
	e := t.started[t.place[id]]
	if !e.Left.IsZero() {
		return store.Signal{Kind: "exit", Outcome: e.Outcome, At: e.Left}, nil
	}
	if over := t.ends(e.Enrollment); !over.IsZero() && !over.After(*t.now) {
		return store.Signal{Kind: "exit", At: over}, nil
	}
	return store.Signal{}, store.ErrNotFound
}

func (*recall) Rests(string, time.Time) ([]store.Rest, error)      { return nil, nil }
func (*recall) Listeners(string, string) ([]store.Listener, error) { return nil, nil }

// AddLine keeps why something started, and what was kept out.
func (t *recall) AddLine(l store.Line) error {
	switch l.Kind {
	case "enroll":
		t.started[t.place[l.Enrollment]].Words = l.Reason
	case "skip":
		if t.said[l.Key] { // twice in one second
			return nil
		}
		t.said[l.Key] = true
		t.refused = append(t.refused, Refusal{Playbook: l.Playbook, Account: l.Account, Reason: l.Reason, At: l.At})
	}
	return nil
}

// entries are those started, with the moment at which each is taken to be over.
func (t *recall) entries() []Entry {
	all := slices.Clone(t.started)
	for i := range all {
		if over := t.ends(all[i].Enrollment); all[i].Left.IsZero() && !over.IsZero() {
			all[i].Left = over
		}
	}
	return all
}
