package source

// Lost reports whether Spans gave up and placed every rune at the start.
func (n *Node) Lost() bool {
	w := n.walk([]rune(n.text))
	return len(w.out) < len([]rune(n.text)) || string(w.runes(len([]rune(n.text)))) != n.text
}
