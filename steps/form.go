package steps

import (
	"slices"
	"strings"

	"holdfast/internal/source"
	"holdfast/rules"
)

// Question is one field of a task's form.
type Question struct {
	Name     string
	Type     rules.Type // String, Bool, Int, Date, Percent or Money
	Choose   []string   // the choices of a String
	Long     bool       // free text: kept in the store, never in State
	Required bool
}

// offers reports whether v is one of the choices, if there are any.
func (q Question) offers(v any) bool {
	s, isText := v.(string)
	return q.Choose == nil || (isText && slices.Contains(q.Choose, s))
}

var questionTypes = []string{string(rules.Bool), string(rules.Int), string(rules.Date), string(rules.Percent), string(rules.Money)}

// form reads `form`, a map of questions by name.
func (d *Decoder) form() []Question {
	n := d.Node.Get("form")
	if n == nil {
		return nil
	}
	if n.Kind() != source.Map {
		d.Diags.Errorf(n.Span(), "bad-value", "write a map of questions by name", "form of %s is no map", d.what())
		return nil
	}
	var form []Question
	for _, p := range n.Pairs() {
		q := Question{Name: p.Key.Text(), Type: rules.String}
		switch {
		case !idPattern.MatchString(q.Name):
			d.Diags.Errorf(p.Key.Span(), "bad-name", "use letters, digits and underscores", "a form field cannot be called %q", q.Name)
			continue
		case q.Name == "outcome" || q.Name == "at":
			d.Diags.Errorf(p.Key.Span(), "bad-name", "choose another name", "every task has %s.%s already", d.ID, q.Name)
			continue
		}
		d.question(&q, p.Value)
		form = append(form, q)
	}
	return form
}

func (d *Decoder) question(q *Question, n *source.Node) {
	n.Strict(d.Diags, "form field \""+q.Name+"\"", "choose", "type", "text", "required")
	choose, typ, text := n.Get("choose"), n.Get("type"), n.Get("text")
	given := 0
	for _, one := range []*source.Node{choose, typ, text} {
		if one != nil {
			given++
		}
	}
	switch {
	case given != 1:
		d.Diags.Errorf(n.Span(), "bad-form", "write choose: [a, b], type: bool, int, date, percent or money, or text: long",
			"form field %q needs exactly one of choose, type and text", q.Name)
	case choose != nil:
		for _, item := range choose.Items() {
			q.Choose = append(q.Choose, item.Text())
		}
		if len(q.Choose) < 2 {
			d.Diags.Errorf(choose.Span(), "bad-form", "list two choices or more", "form field %q leaves no choice", q.Name)
		}
	case typ != nil:
		q.Type = rules.Type(typ.Text())
		if !slices.Contains(questionTypes, typ.Text()) {
			d.Diags.Errorf(typ.Span(), "bad-form", "use one of "+strings.Join(questionTypes, ", "), "a form cannot ask for a %q", typ.Text())
		}
	default:
		q.Long = true
		if text.Text() != "long" {
			d.Diags.Errorf(text.Span(), "bad-form", "write text: long", "form field %q has text: %s", q.Name, text.Text())
		}
	}
	q.Required = boolean(d.Diags, n.Get("required"))
}
