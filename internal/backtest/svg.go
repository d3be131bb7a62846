package backtest

import (
	"fmt"
	"html/template"
	"strings"
)

// drawing is an SVG that is being written. Words in it are escaped.
type drawing struct {
	b    strings.Builder
	w, h float64
}

func newDrawing(w, h float64, label string) *drawing {
	d := &drawing{w: w, h: h}
	d.f(`<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, w, h, template.HTMLEscapeString(label))
	return d
}

func (d *drawing) f(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

func (d *drawing) text(x, y float64, anchor, words string) {
	d.f(`<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, x, y, anchor, template.HTMLEscapeString(words))
}

func (d *drawing) bar(class string, x, y, w, h float64, title string) {
	d.f(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`, class, x, y, w, h, template.HTMLEscapeString(title))
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	d.f(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

func (d *drawing) done() template.HTML {
	d.f(`</svg>`)
	return template.HTML(d.b.String()) //nolint:gosec // made here; every word was escaped
}

// weeksChart draws entries upwards and labels downwards, week by week.
func weeksChart(r *Report) template.HTML {
	const left, top, half, width = 34.0, 14.0, 110.0, 900.0
	most := 1
	for _, w := range r.Weeks {
		most = max(most, w.Entries, w.Labels)
	}
	d := newDrawing(width, top+2*half+26, "entries and labels a week")
	step := (width - left) / float64(max(len(r.Weeks), 1))
	scale := (half - 6) / float64(most)
	middle := top + half
	for i, w := range r.Weeks {
		x := left + float64(i)*step
		if h := float64(w.Entries) * scale; h > 0 {
			d.bar("entries", x, middle-h, max(step-1, 0.8), h, fmt.Sprintf("week of %s: %s", w.Monday, times(w.Entries, "entry", "entries")))
		}
		if h := float64(w.Labels) * scale; h > 0 {
			d.bar("labels", x, middle+1, max(step-1, 0.8), h, fmt.Sprintf("week of %s: %d × %s", w.Monday, w.Labels, r.Label.Event))
		}
		if i%max(1, len(r.Weeks)/9) == 0 {
			d.text(x, top+2*half+20, "start", w.Monday)
		}
	}
	d.line("axis", left, middle, width, middle)
	d.text(left-6, top+10, "end", fmt.Sprint(most))
	d.text(left-6, middle+4, "end", "0")
	return d.done()
}

// leadChart draws how many days before the label the caught were entered.
func leadChart(l *Label) template.HTML {
	if l == nil || len(l.Lead.Days) == 0 {
		return ""
	}
	const left, top, height, width = 34.0, 14.0, 150.0, 430.0
	bins := l.bins()
	d := newDrawing(width, top+height+40, "lead time in days")
	step := (width - left) / float64(len(bins))
	for i, b := range bins {
		h := float64(b.n) / float64(fullest(bins)) * (height - 16)
		x := left + float64(i)*step
		d.bar("entries", x, top+height-h, step-3, h, fmt.Sprintf("%s days: %d", b.words(), b.n))
		d.text(x+step/2, top+height-h-4, "middle", fmt.Sprint(b.n))
		d.text(x+step/2, top+height+14, "middle", b.words())
	}
	d.line("axis", left, top+height, width, top+height)
	d.text(left+(width-left)/2, top+height+32, "middle", "days from the entry to "+l.Event)
	return d.done()
}

// curveChart draws precision over recall, a point for each value of the sweep.
func curveChart(r *Report) template.HTML {
	if r.Label == nil || len(r.Sweep) < 2 {
		return ""
	}
	const left, top, size = 40.0, 14.0, 300.0
	d := newDrawing(left+size+90, top+size+40, "precision over recall")
	place := func(l *Label) (x, y float64) { return left + l.Caught.Value*size, top + size - l.Right.Value*size }
	var points []string
	for _, row := range r.Sweep {
		if row.Label.Right.Of == 0 {
			continue
		}
		x, y := place(row.Label)
		points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
	}
	base := top + size - r.Label.Base*size
	d.line("chance", left, base, left+size, base)
	d.text(left+size+6, base+4, "start", "by chance")
	d.f(`<polyline class="curve" points="%s"/>`, strings.Join(points, " "))
	for i, row := range r.Sweep {
		if row.Label.Right.Of == 0 {
			continue
		}
		x, y := place(row.Label)
		class := "point"
		if row.Best {
			class = "best"
		}
		d.f(`<circle class="%s" cx="%.1f" cy="%.1f" r="5"><title>%s: precision %s, recall %s</title></circle>`,
			class, x, y, template.HTMLEscapeString(row.Value), row.Label.Right.short(), row.Label.Caught.short())
		if i == 0 || i == len(r.Sweep)-1 || row.Best || row.Current { // the others have their titles
			d.text(x+8, y-6, "start", row.Value)
		}
	}
	d.line("axis", left, top+size, left+size, top+size)
	d.line("axis", left, top, left, top+size)
	d.text(left-6, top+8, "end", "100 %")
	d.text(left-6, top+size, "end", "0")
	d.text(left+size, top+size+16, "end", "100 %")
	d.text(left+size/2, top+size+32, "middle", "recall")
	d.text(left+6, top+8, "start", "precision")
	return d.done()
}
