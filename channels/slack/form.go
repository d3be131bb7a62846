package slack

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"
)

// input asks one question of a task's form.
func input(q Question) slackgo.Block {
	label := plain(labelOf(q.Name), maxLabel)
	block := questionPrefix + q.Name
	if q.Long {
		return words(block, labelOf(q.Name), "", q.Required)
	}
	var e slackgo.BlockElement
	var hint *slackgo.TextBlockObject
	switch {
	case len(q.Choose) > maxChoices:
		e, hint = slackgo.NewPlainTextInputBlockElement(nil, answerAction).WithMaxLength(maxInput), plain("One of "+strings.Join(q.Choose, ", "), maxLabel)
	case len(q.Choose) > maxRadio:
		e = slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeStatic, plain("Choose one", maxHint), answerAction, choices(q.Choose)...)
	case len(q.Choose) > 0:
		e = slackgo.NewRadioButtonsBlockElement(answerAction, choices(q.Choose)...)
	case q.Type == "bool":
		e = slackgo.NewRadioButtonsBlockElement(answerAction, choices([]string{"Yes", "No"})...)
	case q.Type == "date":
		e = slackgo.NewDatePickerBlockElement(answerAction)
	case q.Type == "int":
		e = slackgo.NewNumberInputBlockElement(nil, answerAction, false)
	case q.Type == "percent" || q.Type == "money":
		e = slackgo.NewNumberInputBlockElement(nil, answerAction, true)
		if q.Type == "percent" {
			hint = plain("In percent.", maxLabel)
		}
	default:
		e = slackgo.NewPlainTextInputBlockElement(nil, answerAction).WithMaxLength(maxInput)
	}
	return slackgo.NewInputBlock(block, label, hint, e).WithOptional(!q.Required)
}

// labelOf a question: its name, as people write.
func labelOf(name string) string {
	s := strings.ReplaceAll(name, "_", " ")
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// choices are options whose values are their places: a value has fewer characters
// than an answer may have.
func choices(all []string) []*slackgo.OptionBlockObject {
	var out []*slackgo.OptionBlockObject
	for i, text := range all {
		out = append(out, slackgo.NewOptionBlockObject(strconv.Itoa(i), plain(text, maxOption), nil))
	}
	return out
}

// values are what a form that was sent holds.
type values map[string]map[string]slackgo.BlockAction

func valuesOf(v slackgo.View) values {
	if v.State == nil {
		return nil
	}
	return v.State.Values
}

// text of a block, without the spaces around it.
func (v values) text(block string) string { return strings.TrimSpace(v[block][answerAction].Value) }

// chosen value of a block.
func (v values) chosen(block string) string { return v[block][answerAction].SelectedOption.Value }

// date of a block, 2006-01-02.
func (v values) date(block string) string { return v[block][answerAction].SelectedDate }

// answers to a task's own questions, in JSON's shapes; what was left empty is
// left out. Whether they fit is for the task to say.
func (v values) answers(form []Question) map[string]any {
	out := map[string]any{}
	for _, q := range form {
		if got := v.answer(q); got != nil {
			out[q.Name] = got
		}
	}
	return out
}

func (v values) answer(q Question) any {
	block := questionPrefix + q.Name
	switch {
	case len(q.Choose) > maxChoices || q.Long:
	case len(q.Choose) > 0:
		if i, err := strconv.Atoi(v.chosen(block)); err == nil && i >= 0 && i < len(q.Choose) {
			return q.Choose[i]
		}
		return nil
	case q.Type == "bool":
		if got := v.chosen(block); got != "" {
			return got == "0" // Yes
		}
		return nil
	case q.Type == "date":
		if got := v.date(block); got != "" {
			return got
		}
		return nil
	}
	text := v.text(block)
	if text == "" {
		return nil
	}
	if q.Type == "int" || q.Type == "percent" || q.Type == "money" {
		if n := json.Number(text); isNumber(n) {
			return n
		}
	}
	return text
}

// isNumber reports whether JSON would read n as one.
func isNumber(n json.Number) bool {
	p, err := json.Marshal(n)
	return err == nil && string(p) == n.String() && n != ""
}
