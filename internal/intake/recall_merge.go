package intake

import (
	"slices"

	"holdfast/internal/store"
)

// What a replay remembers moves as in a store.

func (t *recall) Aliases(kind string, ids []string) (map[string]string, error) {
	by := map[string]string{}
	for _, id := range ids {
		if into, ok := t.aliases[[2]string{kind, id}]; ok {
			by[id] = into
		}
	}
	return by, nil
}

func (t *recall) PutAlias(a store.Alias) error {
	for k, into := range t.aliases {
		if k[0] == a.Kind && into == a.ID {
			t.aliases[k] = a.Into
		}
	}
	t.aliases[[2]string{a.Kind, a.ID}] = a.Into
	return nil
}

func (t *recall) MoveAccount(from, into string) error {
	for key, objects := range t.owned {
		if key[0] != from {
			continue
		}
		for _, o := range slices.Clone(objects) {
			o.Account = into
			if err := t.PutObject(o); err != nil {
				return err
			}
		}
	}
	for key, days := range t.days {
		if key[0] != from {
			continue
		}
		for _, d := range days {
			if err := t.AddToBucket(into, key[1], d.Day, d.Count, d.Sum); err != nil {
				return err
			}
		}
		delete(t.days, key)
	}
	for _, i := range t.runs[from] {
		e := &t.started[i]
		if slices.ContainsFunc(t.runs[into], func(j int) bool {
			return t.started[j].Playbook == e.Playbook && t.started[j].EntryKey == e.EntryKey
		}) {
			e.EntryKey = store.MovedEntry(e.EntryKey, e.ID)
		}
		e.Account = into
	}
	t.runs[into] = append(t.runs[into], t.runs[from]...)
	delete(t.runs, from)
	return nil
}

func (*recall) MoveContact(string, string, []string) error { return nil }

func (t *recall) MoveTruth(v store.Truth, from string) error {
	delete(t.truths, [3]string{v.Playbook, v.Trigger, from})
	return t.PutTruth(v)
}
