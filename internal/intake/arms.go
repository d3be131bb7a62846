package intake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"holdfast/internal/store"
	"holdfast/playbooks"
)

// The arms of an enrollment. HeldOut is also the outcome of what is held out.
const (
	Treated = "treated"
	HeldOut = "holdout"
)

// metaSalt keeps what decides who is held out, once it was drawn.
const metaSalt = "salt"

// arm is on which side of its holdout an account enters p: by its first entry
// under the holdout's name, or else by a hash, so that a greater share only adds.
// An enrollment that another one started is part of what is measured there.
func (b *batch) arm(p *playbooks.Playbook, account string, w why) (string, error) {
	h := p.Holdout
	if h.Share == 0 || p.Shadow || w.assumed || w.trig.Kind == RunTrigger || b.in.Options.Treated {
		return Treated, nil
	}
	known, err := b.armOf(h.Name, account)
	if err != nil || known != "" {
		return known, err
	}
	in, err := b.among("holdout/"+h.Name, account, h.Share)
	if err != nil {
		return "", err
	}
	arm := Treated
	if in {
		arm = HeldOut
	}
	if err := b.putArm(h.Name, account, arm); err != nil {
		return "", fmt.Errorf("keep arm: %w", err)
	}
	return arm, nil
}

// among reports whether an account is of the share that a purpose picks.
func (b *batch) among(purpose, account string, share playbooks.Share) (bool, error) {
	salt, err := b.salt()
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256([]byte(salt + "\x1f" + purpose + "\x1f" + account))
	return binary.BigEndian.Uint64(sum[:])%uint64(playbooks.Whole) < uint64(share), nil
}

// salt is the project's: given, or drawn at its first use and kept.
func (b *batch) salt() (string, error) {
	if b.in.Options.Salt != "" {
		return b.in.Options.Salt, nil
	}
	salt, err := b.tx.MetaGet(metaSalt)
	if err != nil || salt != "" {
		return salt, err
	}
	salt = rand.Text()
	if err := b.tx.MetaSet(metaSalt, salt); err != nil {
		return "", fmt.Errorf("keep the salt: %w", err)
	}
	return salt, nil
}

// keptOut is why others than the account itself keep it out of p, or "". A
// playbook that runs another one has been through this.
func (b *batch) keptOut(p *playbooks.Playbook, account string, runs []store.Enrollment, w why) (string, error) {
	if refused, err := b.taken(p, runs); err != nil || refused != "" || w.assumed {
		return refused, err
	}
	return b.outside(p, account)
}

// outside is why the account may not enter p while it is rolled out, or "".
func (b *batch) outside(p *playbooks.Playbook, account string) (string, error) {
	if p.Rollout == playbooks.Whole || b.in.Options.Treated {
		return "", nil
	}
	in, err := b.among("rollout/"+p.Name, account, p.Rollout)
	if err != nil || in {
		return "", err
	}
	return "rollout: not among the first " + p.Rollout.String(), nil
}

// leaveAlone makes e the enrollment of an account that is held out: it never
// starts, and only its goal is watched.
func (b *batch) leaveAlone(e store.Enrollment) store.Enrollment {
	e.Status, e.Outcome, e.EndedAt = "ended", HeldOut, b.now
	e.Doing = "held out: its goal is watched, nothing is sent"
	return e
}

// heldOut says in words what that means.
func heldOut(p *playbooks.Playbook) string {
	words := "held out with " + p.Holdout.Share.String()
	if p.Holdout.Name != p.Name {
		words += " of holdout " + p.Holdout.Name
	}
	if p.Goal != nil {
		return words + ": nothing is sent, and its goal is watched for " + p.Goal.Within.Text
	}
	return words + ": nothing is sent"
}
