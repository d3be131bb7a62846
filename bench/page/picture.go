package main

import (
	"fmt"
	"math"
	"strings"

	"holdfast/internal/paired"
)

const width, height, left, bottom, top = 640.0, 360.0, 60.0, 40.0, 20.0

// picture draws sizes against seconds, both by powers of ten.
func picture(rows []paired.Row) string {
	lowX, highX, lowY, highY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		if r.Size < 10 {
			continue
		}
		x := math.Log10(float64(r.Size))
		lowX, highX = min(lowX, math.Floor(x)), max(highX, math.Ceil(x))
		for _, y := range []float64{paired.Median(r.Ours), paired.Median(r.Theirs)} {
			lowY, highY = min(lowY, math.Floor(math.Log10(y))), max(highY, math.Ceil(math.Log10(y)))
		}
	}
	at := func(size int, seconds float64) (x, y float64) {
		x = left + (math.Log10(float64(size))-lowX)/max(highX-lowX, 1)*(width-left-150)
		y = height - bottom - (math.Log10(seconds)-lowY)/max(highY-lowY, 1)*(height-bottom-top)
		return x, y
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12"><rect width="100%%" height="100%%" fill="white"/>`+"\n", width, height)
	for e := lowY; e <= highY; e++ {
		_, y := at(10, math.Pow(10, e))
		fmt.Fprintf(&b, `<path d="M%g %.1fH%g" stroke="#ddd"/><text x="4" y="%.1f">%g s</text>`+"\n", left, y, width-150, y+4, math.Pow(10, e))
	}
	for e := lowX; e <= highX; e++ {
		x, _ := at(int(math.Pow(10, e)), 1)
		fmt.Fprintf(&b, `<text x="%.1f" y="%g" text-anchor="middle">%s</text>`+"\n", x, height-bottom+20, thousands(int(math.Pow(10, e))))
	}
	colours := []string{"#1b6ca8", "#c1440e", "#2e7d32", "#6a1b9a"}
	for i, k := range known {
		for side, dash := range []string{"", ` stroke-dasharray="5 4"`} {
			var path strings.Builder
			var x, y float64
			n := 0
			for _, r := range rows {
				if r.Name != k.name || r.Size < 10 {
					continue
				}
				x, y = at(r.Size, paired.Median([][]float64{r.Ours, r.Theirs}[side]))
				fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[n == 0], x, y)
				n++
			}
			if n < 2 {
				continue // a point does not grow
			}
			fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"%s/><text x="%.1f" y="%.1f" fill="%s">%s%s</text>`+"\n",
				path.String(), colours[i%len(colours)], dash, x+6, y+4, colours[i%len(colours)], k.name, map[int]string{0: "", 1: ", baseline"}[side])
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}
