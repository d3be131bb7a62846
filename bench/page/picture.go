package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"holdfast/internal/paired"
)

const (
	width, height            = 720.0, 400.0
	left, right, bottom, top = 60.0, 170.0, 50.0, 20.0
)

// curve is one side of a line, at several sizes.
type curve struct {
	label, colour, dash string
	sizes               []int
	seconds             []float64
	labelY              float64
}

// picture draws sizes against seconds, both by powers of ten.
func picture(rows []paired.Row) string {
	curves := curvesOf(rows)
	lowX, highX, lowY, highY := bounds(curves)
	x := func(size float64) float64 {
		return left + (math.Log10(size)-lowX)/max(highX-lowX, 1)*(width-left-right)
	}
	y := func(seconds float64) float64 {
		return height - bottom - (math.Log10(seconds)-lowY)/max(highY-lowY, 1)*(height-bottom-top)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12"><rect width="100%%" height="100%%" fill="white"/>`+"\n", width, height)
	for e := lowY; e <= highY; e++ {
		at := y(math.Pow(10, e))
		fmt.Fprintf(&b, `<path d="M%g %.1fH%g" stroke="#ddd"/><text x="4" y="%.1f">%g s</text>`+"\n", left, at, width-right, at+4, math.Pow(10, e))
	}
	for e := lowX; e <= highX; e++ {
		at := x(math.Pow(10, e))
		fmt.Fprintf(&b, `<path d="M%.1f %gV%g" stroke="#eee"/><text x="%.1f" y="%g" text-anchor="middle">%s</text>`+"\n", at, top, height-bottom, at, height-bottom+18, thousands(int(math.Pow(10, e))))
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">size: accounts, playbooks, enrollments</text>`+"\n", (left+width-right)/2, height-8)
	for i := range curves {
		curves[i].labelY = y(curves[i].seconds[len(curves[i].seconds)-1]) + 4
	}
	apart(curves)
	for _, c := range curves {
		var path strings.Builder
		for i, size := range c.sizes {
			fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], x(float64(size)), y(c.seconds[i]))
		}
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"%s/><text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n",
			path.String(), c.colour, c.dash, width-right+8, c.labelY, c.colour, c.label)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// curvesOf the lines in seconds that were measured at more than one size: a point does
// not grow.
func curvesOf(rows []paired.Row) (curves []curve) {
	colours := []string{"#1b6ca8", "#c1440e", "#2e7d32", "#6a1b9a", "#8d6e00"}
	used := 0
	for _, l := range lines {
		of := l.rows(rows)
		if len(of) < 2 || of[0].Unit != "" {
			continue
		}
		ours := curve{label: l.name, colour: colours[used%len(colours)]}
		theirs := curve{label: l.name + ", baseline", colour: ours.colour, dash: ` stroke-dasharray="5 4"`}
		used++
		for _, r := range of {
			ours.sizes, ours.seconds = append(ours.sizes, r.Size), append(ours.seconds, paired.Median(r.Ours))
			theirs.sizes, theirs.seconds = append(theirs.sizes, r.Size), append(theirs.seconds, paired.Median(r.Theirs))
		}
		curves = append(curves, ours, theirs)
	}
	return curves
}

// bounds are powers of ten around all points; a decade of each when there are none.
func bounds(curves []curve) (lowX, highX, lowY, highY float64) {
	lowX, highX, lowY, highY = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for i, size := range c.sizes {
			sx, sy := math.Log10(float64(size)), math.Log10(c.seconds[i])
			lowX, highX = min(lowX, math.Floor(sx)), max(highX, math.Ceil(sx))
			lowY, highY = min(lowY, math.Floor(sy)), max(highY, math.Ceil(sy))
		}
	}
	if len(curves) == 0 {
		return 0, 1, 0, 1
	}
	return lowX, highX, lowY, highY
}

// apart moves labels that would stand on each other, downwards.
func apart(curves []curve) {
	by := make([]*curve, len(curves))
	for i := range curves {
		by[i] = &curves[i]
	}
	slices.SortStableFunc(by, func(a, b *curve) int { return int(math.Copysign(1, a.labelY-b.labelY)) })
	for i := 1; i < len(by); i++ {
		by[i].labelY = max(by[i].labelY, by[i-1].labelY+13)
	}
}
