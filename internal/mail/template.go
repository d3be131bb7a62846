package mail

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// template is one file, split into its front matter and its body.
type template struct {
	file, locale          string // locale: of the file's name, or ""
	subject, body         string
	subjectLine, bodyLine int
}

// localeName is a language with optional script and region, the only shape in
// which a stranger's locale gets near a file name.
var localeName = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}$`)

// open reads the best file for locales, the most wanted first: of each as it is
// and its language (pt-BR, then pt), and in the end the file without a locale.
func (r *Renderer) open(name string, locales []string) (template, error) {
	base, err := templatePath(name)
	if err != nil {
		return template{}, err
	}
	for _, l := range Chain(locales...) {
		t, err := r.read(base+"."+l+".md", l)
		if !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
	}
	t, err := r.read(base+".md", "")
	if errors.Is(err, fs.ErrNotExist) {
		return t, fmt.Errorf("no template %s.md: %w", base, fs.ErrNotExist)
	}
	return t, err
}

// Chain is the locales of files that are looked for, in order, for somebody who
// wants locales in that order. The file without a locale comes after them all.
func Chain(locales ...string) []string {
	var chain []string
	for _, l := range locales {
		for _, c := range candidates(l) {
			if !slices.Contains(chain, c) {
				chain = append(chain, c)
			}
		}
	}
	return chain
}

func candidates(locale string) []string {
	if !localeName.MatchString(locale) {
		return nil
	}
	full := strings.ReplaceAll(locale, "_", "-")
	lang, _, _ := strings.Cut(strings.ToLower(full), "-")
	return slices.Compact([]string{full, strings.ToLower(full), lang})
}

func templatePath(name string) (string, error) {
	p := "templates/" + strings.TrimSuffix(name, ".md")
	if name == "" || !fs.ValidPath(p) || strings.Contains(name, `\`) {
		return "", fmt.Errorf("template name %q is no path below templates/", name)
	}
	return p, nil
}

// variants are the files of one template, all locales, sorted.
func (r *Renderer) variants(name string) ([]string, error) {
	base, err := templatePath(name)
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(r.fsys, path.Dir(base))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list %s: %w", path.Dir(base), err)
	}
	var files []string
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), path.Base(base))
		if !ok || e.IsDir() {
			continue
		}
		locale, isLocale := strings.CutPrefix(strings.TrimSuffix(rest, ".md"), ".")
		if rest == ".md" || (strings.HasSuffix(rest, ".md") && isLocale && localeName.MatchString(locale)) {
			files = append(files, path.Join(path.Dir(base), e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no template %s.md: %w", base, fs.ErrNotExist)
	}
	return files, nil
}

func (r *Renderer) read(file, locale string) (template, error) {
	src, err := r.slurp(file)
	if err != nil {
		return template{}, err
	}
	return r.templates.get(written{file, locale, src}, func() (template, error) { return split(file, locale, src) })
}

// written is a template as it was read.
type written struct{ file, locale, src string }

func (r *Renderer) slurp(file string) (string, error) {
	f, err := r.fsys.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	if len(b) > maxTemplate {
		return "", mistake(file, 1, "a template has at most 64 KB")
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n"), nil
}

// split takes the front matter off. Its one key is subject.
func split(file, locale, src string) (template, error) {
	t := template{file: file, locale: locale, body: src, bodyLine: 1, subjectLine: 1}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(src, "\ufeff"), "---\n")
	if !ok {
		return t, nil
	}
	head, body, ok := strings.Cut(rest, "\n---\n")
	if !ok {
		return t, mistake(file, 1, `the front matter has no end: add a line "---"`)
	}
	t.body, t.bodyLine = body, 3+strings.Count(head, "\n")+1

	docs, found := source.Parse(file, []byte("\n"+head)) // keeps the file's line numbers
	list := diag.List{All: found}
	if len(docs) > 0 {
		docs[0].Strict(&list, "the front matter", "subject")
		subject := docs[0].Get("subject")
		t.subject, t.subjectLine = subject.Text(), max(subject.Span().Line, 1)
	}
	if len(list.All) > 0 {
		return t, mistake(file, list.All[0].Line, list.All[0].Message)
	}
	return t, nil
}
