package project

// lanes says when playbooks have lanes whose order nobody gives: then none keeps
// another waiting, and an account may hear from two of them at once.
func (ld *loader) lanes() {
	if len(ld.p.Rules.Lanes()) > 0 {
		return
	}
	first := ""
	for _, doc := range ld.playbookDocs {
		lane := doc.Get("lane")
		if lane == nil {
			continue
		}
		if first == "" {
			first = lane.Text()
			continue
		}
		if lane.Text() != first {
			ld.diags.Warnf(lane.Span(), "no-lanes", "write lanes: ["+first+", "+lane.Text()+"], the strongest first",
				"lanes %s and %s have no order, so that neither keeps the other from an account", first, lane.Text())
			return
		}
	}
}
