package mail

import "sync"

// most is how many texts are kept. A version of a playbook has a few dozen; when
// there are more, all are forgotten and made anew.
const most = 512

// kept remembers what was made of a text, by the text. The zero value is empty.
// Safe for concurrent use.
type kept[K comparable, V any] struct {
	mu   sync.Mutex
	made map[K]V
}

// get is what was made of k before, or is made now. A failure is not kept.
func (c *kept[K, V]) get(k K, build func() (V, error)) (V, error) {
	c.mu.Lock()
	v, ok := c.made[k]
	c.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := build()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil || len(c.made) >= most {
		c.made = map[K]V{}
	}
	c.made[k] = v
	return v, nil
}

// pool keeps texts that are ready to render. One is used by one at a time.
type pool struct {
	mu   sync.Mutex
	free map[text][]*run
}

// take is a run of t that nobody uses.
func (p *pool) take(t text) (*run, error) {
	p.mu.Lock()
	if free := p.free[t]; len(free) > 0 {
		r := free[len(free)-1]
		p.free[t] = free[:len(free)-1]
		p.mu.Unlock()
		return r, nil
	}
	p.mu.Unlock()
	return newRun(t)
}

// put gives r back. A few of each text are enough.
func (p *pool) put(t text, r *run) {
	r.holes = nil
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free == nil || len(p.free) >= most {
		p.free = map[text][]*run{}
	}
	if len(p.free[t]) < 8 {
		p.free[t] = append(p.free[t], r)
	}
}

// render renders t once. The holes are the values that are yet to be put in.
func (r *Renderer) render(t text, st style, data map[string]any) (string, *holes, error) {
	ready, err := r.texts.take(t)
	if err != nil {
		return "", nil, err
	}
	defer r.texts.put(t, ready)
	return ready.render(t, st, data)
}
