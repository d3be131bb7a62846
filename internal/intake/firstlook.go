package intake

// looking is a pass over all accounts by which triggers that are new learn what
// is true already.
type looking struct {
	triggers map[[2]string]bool // playbook and trigger
	upTo     string             // the last account that was looked at; they come by id
}

// firstLook begins such a pass for refs, or ends it when there are none.
func (in *Intake) firstLook(refs []ref) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.looking = nil
	if len(refs) == 0 {
		return
	}
	in.looking = &looking{triggers: map[[2]string]bool{}}
	for _, r := range refs {
		in.looking.triggers[[2]string{r.book.Name, r.trig.ID}] = true
	}
}

// looked is called in the transaction that looks at an account: whoever looks at
// it later sees what that wrote.
func (in *Intake) looked(account string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.looking != nil {
		in.looking.upTo = max(in.looking.upTo, account)
	}
}

// unseen reports whether r is new, and has not looked at the account yet.
func (in *Intake) unseen(r ref, account string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.looking != nil && account > in.looking.upTo && in.looking.triggers[[2]string{r.book.Name, r.trig.ID}]
}
