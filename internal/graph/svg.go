package graph

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Measures of the picture, in pixels.
const (
	boxWidth  = 210
	boxHeight = 46
	between   = 26 // two rows
	aside     = 28 // two columns
	head      = 44 // from a step to its blocks, with room for a label
	join      = 30 // from its blocks to what follows
	margin    = 24
	passage   = 70 // the column of an arm that does nothing
	loopSide  = 22 // room for a loop's way back
)

// tones of verbs: what reaches the customer, our own people, time, ways.
var tones = map[string][2]string{
	"email": {"#e0f2fe", "#0369a1"}, "webhook": {"#e0f2fe", "#0369a1"},
	"slack": {"#f3e8ff", "#7e22ce"}, "task": {"#fef3c7", "#b45309"}, "approve": {"#fef3c7", "#b45309"},
	"offer": {"#fef3c7", "#b45309"}, "escalate": {"#fef3c7", "#b45309"},
	"wait": {"#f1f5f9", "#475569"}, "wait_for": {"#f1f5f9", "#475569"},
	"end": {"#fee2e2", "#b91c1c"}, "": {"#dcfce7", "#15803d"},
}

// SVG is g as a picture of its own: no font, script or file from elsewhere.
func (g Graph) SVG() string {
	p := &picture{g: g, nodes: map[string]Node{}}
	for _, n := range g.Nodes {
		p.nodes[n.ID] = n
	}
	w, _ := p.size(g.flow)
	w = max(w, boxWidth)
	cx := margin + w/2
	p.box(Start, cx, margin)
	p.arrow(cx, margin+boxHeight, cx, margin+boxHeight+between)
	y, open := p.block(g.flow, cx, margin+boxHeight+between)
	if open {
		p.arrow(cx, y, cx, y+between)
		p.box(Done, cx, y+between)
		y += between + boxHeight
	}
	h := y - margin
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="system-ui, sans-serif">`, w+2*margin, h+2*margin)
	fmt.Fprintf(&out, "\n<title>%s</title>\n", escape(g.Title))
	out.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>` + "\n")
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", w+2*margin, h+2*margin)
	out.WriteString(p.lines.String() + p.boxes.String() + "</svg>\n")
	return out.String()
}

// picture collects lines below boxes.
type picture struct {
	g            Graph
	nodes        map[string]Node
	lines, boxes strings.Builder
}

// size of a block.
func (p *picture) size(bl block) (w, h int) {
	for i, r := range bl.rows {
		rw, rh := p.rowSize(r)
		w, h = max(w, rw), h+rh
		if i > 0 {
			h += between
		}
	}
	return max(w, passage), max(h, between)
}

func (p *picture) rowSize(r row) (w, h int) {
	if len(r.blocks) == 0 {
		return boxWidth, boxHeight
	}
	cols, tallest := p.columns(r)
	w = -aside
	for _, c := range cols {
		w += c + aside
	}
	if r.loops {
		w += 2 * loopSide
	}
	return max(w, boxWidth), boxHeight + head + tallest + join
}

// columns are the widths of a row's blocks, the empty one last.
func (p *picture) columns(r row) (widths []int, tallest int) {
	for _, inner := range r.blocks {
		w, h := p.size(inner)
		widths, tallest = append(widths, w), max(tallest, h)
	}
	if r.around && !r.loops {
		widths = append(widths, passage)
	}
	return widths, tallest
}

// block draws rows below each other around x; open when the flow goes on at y.
func (p *picture) block(bl block, x, y int) (end int, open bool) {
	open = true
	for i, r := range bl.rows {
		if i > 0 {
			if open {
				p.arrow(x, y, x, y+between)
			}
			y += between
		}
		y, open = p.row(r, x, y)
	}
	if len(bl.rows) == 0 {
		p.line(x, y, x, y+between)
		y += between
	}
	return y, open
}

func (p *picture) row(r row, x, y int) (end int, open bool) {
	p.box(r.node, x, y)
	if len(r.blocks) == 0 {
		return y + boxHeight, r.joins
	}
	cols, tallest := p.columns(r)
	total := -aside
	for _, c := range cols {
		total += c + aside
	}
	from, top, bottom := y+boxHeight, y+boxHeight+head, y+boxHeight+head+tallest
	left := x - total/2
	for i, c := range cols {
		cx := left + c/2
		left += c + aside
		if i == len(r.blocks) { // the way around
			p.bend(x, from, cx, from+14, "otherwise", top)
			p.line(cx, top, cx, bottom+join/2)
			p.line(cx, bottom+join/2, x, bottom+join/2)
			open = true
			continue
		}
		p.bend(x, from, cx, from+14, r.blocks[i].label, top)
		iy, inner := p.block(r.blocks[i], cx, top)
		switch {
		case r.loops && inner:
			p.back(cx, iy, x-max(total, boxWidth)/2-loopSide, bottom+join/4, x-boxWidth/2, y+boxHeight/2)
		case inner:
			p.line(cx, iy, cx, bottom+join/2)
			p.line(cx, bottom+join/2, x, bottom+join/2)
			open = true
		}
	}
	if r.loops {
		side := x + max(total, boxWidth)/2 + loopSide
		fmt.Fprintf(&p.lines, `<path d="M%d %dH%dV%dH%d" fill="none" stroke="#64748b"/>`+"\n", x+boxWidth/2, y+boxHeight/2, side, bottom+join/2, x)
		open = true
	}
	if open {
		p.line(x, bottom+join/2, x, bottom+join)
	}
	return bottom + join, open
}

// bend leads from a step to one of its blocks, and says when.
func (p *picture) bend(x, y, tx, turn int, label string, top int) {
	fmt.Fprintf(&p.lines, `<path d="M%d %dV%dH%dV%d" fill="none" stroke="#64748b" marker-end="url(#tip)"/>`+"\n", x, y, turn, tx, top)
	if label == "" {
		return
	}
	fmt.Fprintf(&p.boxes, `<text x="%d" y="%d" font-size="11" fill="#475569" text-anchor="middle" stroke="#ffffff" stroke-width="4" paint-order="stroke"><title>%s</title>%s</text>`+"\n",
		tx, top-14, escape(label), escape(cut(label, 30)))
}

func (p *picture) back(x, y, side, turn, tx, ty int) {
	fmt.Fprintf(&p.lines, `<path d="M%d %dV%dH%dV%dH%d" fill="none" stroke="#64748b" stroke-dasharray="5 4" marker-end="url(#tip)"/>`+"\n", x, y, turn, side, ty, tx)
}

func (p *picture) line(x, y, tx, ty int) {
	fmt.Fprintf(&p.lines, `<path d="M%d %dL%d %d" stroke="#64748b"/>`+"\n", x, y, tx, ty)
}

func (p *picture) arrow(x, y, tx, ty int) {
	fmt.Fprintf(&p.lines, `<path d="M%d %dL%d %d" stroke="#64748b" marker-end="url(#tip)"/>`+"\n", x, y, tx, ty)
}

// box draws a node with its top at y.
func (p *picture) box(id string, cx, y int) {
	n := p.nodes[id]
	tone, ok := tones[n.Verb]
	if !ok {
		tone = [2]string{"#ffffff", "#0f172a"}
	}
	round := 8
	if n.Verb == "" || n.Verb == "end" {
		round = boxHeight / 2
	}
	x := cx - boxWidth/2
	first, second := n.Verb+" "+n.ID, n.Label
	if n.Verb == "" {
		first, second, _ = strings.Cut(n.Label, ": ")
	}
	fmt.Fprintf(&p.boxes, `<g data-step="%s"><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="%d" fill="%s" stroke="%s"/>`,
		escape(id), escape(strings.TrimSpace(first+": "+oneLine(second))), x, y, boxWidth, boxHeight, round, tone[0], tone[1])
	at := y + boxHeight/2 + 4
	if second != "" {
		at = y + 19
		fmt.Fprintf(&p.boxes, `<text x="%d" y="%d" font-size="11" fill="#334155" text-anchor="middle">%s</text>`, cx, y+35, escape(cut(second, 33)))
	}
	fmt.Fprintf(&p.boxes, `<text x="%d" y="%d" font-size="12" font-weight="600" fill="%s" text-anchor="middle">%s</text>`, cx, at, tone[1], escape(cut(first, 28)))
	if count := p.g.Counts[id]; count > 0 {
		fmt.Fprintf(&p.boxes, `<g><rect x="%d" y="%d" width="34" height="18" rx="9" fill="%s"/><text x="%d" y="%d" font-size="11" fill="#ffffff" text-anchor="middle">%d</text></g>`,
			x+boxWidth-24, y-9, tone[1], x+boxWidth-7, y+4, count)
	}
	p.boxes.WriteString("</g>\n")
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a builder takes all that is written to it
	}
	return b.String()
}
