package timeline

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

type pageLine struct{ Day, When, Kind, Path, Words, Tone string }

type pageStory struct {
	Title, Note string
	Picture     template.HTML
	Lines       []pageLine
}

// HTML writes stories as one page: each as a picture and, below it, every line
// with its reason. It loads nothing from elsewhere.
func HTML(w io.Writer, title string, stories []Story) error {
	data := struct {
		Title   string
		Stories []pageStory
	}{Title: title}
	for _, s := range stories {
		one := pageStory{Title: s.Title, Note: s.Note, Picture: template.HTML(s.SVG())} //nolint:gosec // our own picture, every text in it escaped
		for _, l := range s.Lines {
			one.Lines = append(one.Lines, pageLine{
				Day: day(s.Lines[0].At, l.At), When: s.when(l.At), Kind: l.Kind, Path: l.Path, Words: Words(l), Tone: tone(l.Kind),
			})
		}
		data.Stories = append(data.Stories, one)
	}
	if err := page.Execute(w, data); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
