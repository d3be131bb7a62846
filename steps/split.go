package steps

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"holdfast/rules"
)

// Split is the spec of `split`: one of several arms by the account, always the same.
type Split struct{ Arms []NamedArm }

const splitVerb = "split"

var split = Verb{
	Doc: Doc{
		Name:    splitVerb,
		Summary: "Takes one of several arms, so that they can be compared. An account always takes the same arm of a split of that id, and raising a share moves as few accounts as it can. <id>.arm is the one taken.",
		Fields: []FieldDoc{
			{Name: "split", Type: "map", Required: true, Summary: "The arms."},
			{Name: "split.arms", Type: "list", Required: true, Summary: "Each a map of arm (its name), weight (its share) and steps. Shares add up to 100%.", Example: "{arm: plain, weight: 50%, steps: [...]}"},
			{Name: "split.arms.arm", Type: "literal", Required: true, Summary: "Its name, as reports and <id>.arm say it.", Example: "plain"},
			{Name: "split.arms.weight", Type: "literal", Required: true, Summary: "Its share of the accounts.", Example: "50%"},
			{Name: "split.arms.steps", Type: "steps", Required: true, Summary: "What is done in it."},
		},
		Example: "id: tone\nsplit:\n  arms:\n    - {arm: plain, weight: 50%, steps: [{id: quiet, wait: 2d}]}\n    - {arm: numbers, weight: 50%, steps: [{id: loud, wait: 1d}]}\n",
		Outcomes: []WordDoc{
			{Word: "taken", Says: "always"},
		},
		Results: []FieldDoc{
			{Name: "arm", Type: "string", Summary: "The arm that the account belongs to."},
		},
		Played: "The arm is that of the account's id, as in production: another id may take another.",
	},
	Decode: decodeSplit,
	run:    runSplit,
	result: func(any) map[string]rules.Type { return map[string]rules.Type{"arm": rules.String} },
}

func (s *Split) blocks() []Block { return namedBlocks(s.Arms) }

func runSplit(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Split)
	i := spec.arm(Share(w.in.Account, s.ID))
	arm := spec.Arms[i]
	w.trace(s, i)
	w.say(s, splitVerb, arm.ID, "this account belongs to arm "+arm.ID, time.Time{})
	r := Result{At: w.at.UTC(), Outcome: "taken", Arm: arm.ID}
	if arm.First == "" {
		w.leave(s, r)
		return Command{}, nil
	}
	w.record(s, r)
	w.jump(arm.First)
	return Command{}, nil
}

// arm that a share in [0, 100) falls to.
func (s *Split) arm(share float64) int {
	sum := 0.0
	for i, arm := range s.Arms {
		if sum += arm.Weight; share < sum {
			return i
		}
	}
	return len(s.Arms) - 1
}

// Share is where an account stands between 0 and 100, for what a salt names: the
// same for ever, and evenly spread.
func Share(account, salt string) float64 {
	sum := sha256.Sum256([]byte(salt + "\x1f" + account))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53) * 100
}

func decodeSplit(d *Decoder) any {
	n := d.Node.Get(splitVerb)
	n.Strict(d.Diags, splitVerb, "arms")
	s := &Split{Arms: d.arms(n, "arm", "weight")}
	sum := 0.0
	for i, item := range n.Get("arms").Items() {
		weight := item.Get("weight")
		share, err := strconv.ParseFloat(strings.TrimSuffix(weight.Text(), "%"), 64)
		switch {
		case weight == nil:
			d.Diags.Errorf(item.Span(), "missing-key", "add weight: 50%", "an arm of %s has no share", d.what())
		case err != nil || !(share > 0 && share <= 100) || !strings.HasSuffix(weight.Text(), "%"):
			d.Diags.Errorf(weight.Span(), "bad-value", "write a share such as 50%", "%q is no share", weight.Text())
		}
		s.Arms[i].Weight = share
		sum += share
	}
	if len(s.Arms) > 1 && math.Abs(sum-100) > 1e-6 && !d.Diags.Failed() {
		d.Diags.Errorf(n.Get("arms").Span(), "bad-value", "let them add up to 100%", "the shares of %s add up to %s", d.what(), fmt.Sprintf("%g%%", sum))
	}
	return s
}
