package rules

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// words of a box: `discount between 15 % and 20 % and term below 12`.
func (s *space) words(box [][]int) string {
	var parts []string
	for i, d := range s.dims {
		var cells []cell
		for _, c := range box[i] {
			cells = append(cells, d.cells[c])
		}
		if w := d.words(cells); w != "" {
			parts = append(parts, w)
		}
	}
	if len(parts) == 0 {
		return "any " + s.dims[0].of.label
	}
	return strings.Join(parts, " and ")
}

// words of some cells of one dimension; "" when they are all there are.
func (d dim) words(cells []cell) string {
	switch d.of.kind {
	case asBool:
		if len(cells) == 2 {
			return ""
		}
		return d.of.label + " being " + strconv.FormatBool(cells[0].truth)
	case asText:
		return d.texts(cells)
	case asNumber:
	}
	lo, hi := cells[0].lo, cells[len(cells)-1].hi
	from, to := cells[0].point(), cells[len(cells)-1].point()
	if d.of.typ == Int || d.of.typ == Date { // whole: what lies between begins one further
		if !from {
			lo, from = math.Floor(lo)+1, true
		}
		if !to {
			hi, to = math.Ceil(hi)-1, true
		}
	}
	low, high := d.value(lo), d.value(hi)
	openLow, openHigh := math.IsInf(lo, -1), math.IsInf(hi, 1)
	switch {
	case openLow && openHigh:
		return ""
	case lo == hi:
		return d.of.label + " of " + low
	case openLow && to:
		return d.of.label + " up to " + high
	case openLow:
		return d.of.label + " below " + high
	case openHigh && from:
		return d.of.label + " from " + low
	case openHigh:
		return d.of.label + " above " + low
	case !from && !to:
		return d.of.label + " between " + low + " and " + high
	case from && to:
		return d.of.label + " from " + low + " to " + high
	case from:
		return d.of.label + " from " + low + " to below " + high
	}
	return d.of.label + " above " + low + " up to " + high
}

func (d dim) texts(cells []cell) string {
	if len(cells) == len(d.cells)-1 {
		return ""
	}
	var texts []string
	for _, c := range cells {
		if c.text == "\x00" {
			return "any other " + d.of.label
		}
		texts = append(texts, strconv.Quote(c.text))
	}
	return d.of.label + " " + strings.Join(texts, " or ")
}

// value of a bound, as an author writes it.
func (d dim) value(f float64) string {
	switch d.of.typ {
	case Percent:
		return strconv.FormatFloat(f, 'f', -1, 64) + " %"
	case Money:
		return strconv.FormatFloat(f/100, 'f', -1, 64)
	case Date:
		return dateVal(f).time().Format(time.DateOnly)
	case Timestamp:
		return time.Unix(int64(f), 0).UTC().Format(time.RFC3339)
	case Duration:
		return time.Duration(f * float64(time.Second)).String()
	case Any, Bool, String, Int, Double, Strings:
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
