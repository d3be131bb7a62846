package standin

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// eyes are what one person sees with: their zone, and who and what is called how.
type eyes struct {
	zone *time.Location
	now  time.Time
	user func(id string) string // a name, or ""
	room func(id string) string
}

// Slack's marks, in the order in which they are looked for.
var (
	fenced   = regexp.MustCompile("(?s)```\n?(.+?)\n?```")
	inline   = regexp.MustCompile("`([^`\n]+)`")
	angled   = regexp.MustCompile(`<([^<>\n]+)>`)
	bareLink = regexp.MustCompile(`https?://[^\s<>"&]+[^\s<>"&.,;:!?)]`)
	tokens   = regexp.MustCompile(`\{[a-z_]+\}`)
	entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// Finished pieces stand aside as characters for private use while the rest is marked.
const (
	firstAside = '\uE000'
	lastAside  = '\uF8FF'
)

// mrkdwn is Slack's mark-up as HTML: https://docs.slack.dev/messaging/formatting-message-text.
// Whatever is no mark is text. A verbatim text makes no links of bare addresses.
func (e eyes) mrkdwn(s string, verbatim bool) template.HTML {
	s = strings.Map(func(r rune) rune {
		if r >= firstAside && r <= lastAside {
			return -1
		}
		return r
	}, s)
	var kept []string
	aside := func(h string) string {
		if len(kept) > lastAside-firstAside {
			return ""
		}
		kept = append(kept, h)
		return string(firstAside + rune(len(kept)-1))
	}
	s = replace(fenced, s, func(in string) string { return aside("<pre><code>" + html.EscapeString(e.bare(in)) + "</code></pre>") })
	s = replace(inline, s, func(in string) string { return aside("<code>" + html.EscapeString(e.bare(in)) + "</code>") })
	s = replace(angled, s, func(in string) string { return aside(e.angle(in)) })
	s = html.EscapeString(pictured(entities.Replace(s)))
	if !verbatim {
		s = bareLink.ReplaceAllStringFunc(s, func(u string) string { return aside(link(html.UnescapeString(u), html.UnescapeString(u))) })
	}
	s = lines(s)
	var out strings.Builder
	for _, r := range s {
		if r >= firstAside && int(r-firstAside) < len(kept) {
			out.WriteString(kept[r-firstAside])
			continue
		}
		out.WriteRune(r)
	}
	return template.HTML(out.String()) //nolint:gosec // every piece was escaped above
}

// pictures are the emoji that work messages use; any other is shown as it is written.
var pictures = strings.NewReplacer(
	":white_check_mark:", "✅", ":heavy_check_mark:", "✔️", ":x:", "❌", ":warning:", "⚠️", ":heavy_minus_sign:", "➖", ":tada:", "🎉",
	":hourglass:", "⌛", ":hourglass_flowing_sand:", "⏳", ":bell:", "🔔", ":calendar:", "📅", ":eyes:", "👀", ":rotating_light:", "🚨",
	":email:", "✉️", ":telephone_receiver:", "📞", ":bust_in_silhouette:", "👤", ":zzz:", "💤", ":+1:", "👍", ":-1:", "👎",
	":red_circle:", "🔴", ":large_green_circle:", "🟢", ":large_yellow_circle:", "🟡", ":arrow_right:", "➡️", ":no_entry:", "⛔",
)

func pictured(s string) string { return pictures.Replace(s) }

func replace(re *regexp.Regexp, s string, with func(in string) string) string {
	return re.ReplaceAllStringFunc(s, func(m string) string { return with(re.FindStringSubmatch(m)[1]) })
}

// bare is the text of what stands in code: links are shown as they are.
func (e eyes) bare(s string) string {
	s = replace(angled, s, func(in string) string { address, _, _ := strings.Cut(in, "|"); return address })
	return entities.Replace(s)
}

// angle is what stands between < and >: a person, a channel, a date, a link.
func (e eyes) angle(in string) string {
	target, label, labelled := strings.Cut(in, "|")
	label = entities.Replace(label)
	mention := func(s string) string { return `<span class="mention">` + html.EscapeString(s) + `</span>` }
	named := func(sign, name string) string {
		if name == "" {
			name = label
		}
		if name == "" {
			name = target[1:]
		}
		return mention(sign + name)
	}
	switch {
	case strings.HasPrefix(target, "@"):
		return named("@", e.user(target[1:]))
	case strings.HasPrefix(target, "#"):
		return named("#", e.room(target[1:]))
	case strings.HasPrefix(target, "!date^"):
		return e.date(target, label)
	case strings.HasPrefix(target, "!"):
		word, _, _ := strings.Cut(target[1:], "^")
		if labelled {
			word = strings.TrimPrefix(label, "@")
		}
		return mention("@" + word)
	}
	target = entities.Replace(target)
	if !labelled {
		label = target
	}
	return link(target, label)
}

// link leads to the web or opens a mail; any other address is only text.
func link(address, label string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto") {
		return html.EscapeString("<" + address + ">")
	}
	return `<a href="` + html.EscapeString(u.String()) + `" rel="noreferrer noopener">` + html.EscapeString(label) + `</a>`
}

// date is <!date^unix^format^link|fallback> in the reader's zone.
func (e eyes) date(target, fallback string) string {
	parts := strings.SplitN(target, "^", 4)
	unix, err := strconv.ParseInt(parts[min(1, len(parts)-1)], 10, 64)
	if err != nil || len(parts) < 3 {
		return html.EscapeString(fallback)
	}
	at := time.Unix(unix, 0).In(e.zone)
	shown := tokens.ReplaceAllStringFunc(entities.Replace(parts[2]), func(token string) string { return e.token(token, at) })
	out := `<time datetime="` + at.UTC().Format(time.RFC3339) + `" title="` + html.EscapeString(fallback) + `">` + html.EscapeString(shown) + `</time>`
	return out
}

func (e eyes) token(token string, at time.Time) string {
	pretty := strings.HasSuffix(token, "_pretty}")
	if pretty {
		day := func(t time.Time) string { return t.In(e.zone).Format(time.DateOnly) }
		for word, days := range map[string]int{"today": 0, "tomorrow": 1, "yesterday": -1} {
			if day(at) == day(e.now.AddDate(0, 0, days)) {
				return word
			}
		}
		token = strings.TrimSuffix(token, "_pretty}") + "}"
	}
	switch token {
	case "{date}":
		return at.Format("January 2, 2006")
	case "{date_short}":
		return at.Format("Jan 2, 2006")
	case "{date_long}":
		return at.Format("Monday, January 2, 2006")
	case "{date_num}":
		return at.Format(time.DateOnly)
	case "{time}":
		return at.Format("3:04 PM")
	case "{time_secs}":
		return at.Format("3:04:05 PM")
	case "{ago}":
		return ago(e.now.Sub(at))
	}
	return token
}

func ago(d time.Duration) string {
	said := func(n float64, unit string) string {
		if int(n) != 1 {
			unit += "s"
		}
		if d < 0 {
			return fmt.Sprintf("in %d %s", int(n), unit)
		}
		return fmt.Sprintf("%d %s ago", int(n), unit)
	}
	switch a := d.Abs(); {
	case a < time.Hour:
		return said(a.Minutes(), "minute")
	case a < 24*time.Hour:
		return said(a.Hours(), "hour")
	default:
		return said(a.Hours()/24, "day")
	}
}

// lines makes quotes and lists of lines that begin as such, and marks the rest.
func lines(s string) string {
	var out strings.Builder
	in := ""
	turn := func(tag string) {
		if in != tag && in != "" {
			out.WriteString("</" + in + ">")
		}
		if in != tag && tag != "" {
			out.WriteString("<" + tag + ">")
		}
		in = tag
	}
	fresh := true
	for line := range strings.SplitSeq(s, "\n") {
		quoted, isQuote := strings.CutPrefix(line, "&gt;")
		item, isItem := strings.CutPrefix(line, "• ")
		if !isItem {
			item, isItem = strings.CutPrefix(line, "- ")
		}
		was := in
		switch {
		case isQuote:
			turn("blockquote")
			line = strings.TrimPrefix(quoted, " ")
		case isItem:
			turn("ul")
			out.WriteString("<li>" + marked(item) + "</li>")
			fresh = true
			continue
		default:
			turn("")
		}
		if !fresh && was == in {
			out.WriteString("<br>")
		}
		out.WriteString(marked(line))
		fresh = false
	}
	turn("")
	return out.String()
}

// marked is a line with bold, italics and strike; nothing reaches over its end.
func marked(s string) string {
	return span(span(span(s, '*', "b"), '_', "i"), '~', "del")
}

func span(s string, mark byte, tag string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		end := -1
		if s[i] == mark && edge(utf8.DecodeLastRuneInString(s[:i])) && i+1 < len(s) && s[i+1] != ' ' && s[i+1] != mark {
			end = closing(s, i+1, mark)
		}
		if end < 0 {
			out.WriteByte(s[i])
			continue
		}
		out.WriteString("<" + tag + ">" + s[i+1:end] + "</" + tag + ">")
		i = end
	}
	return out.String()
}

// closing is where the mark that closes a span stands, or -1. Tags inside must be whole.
func closing(s string, from int, mark byte) int {
	for j := from + 1; j < len(s); j++ {
		if s[j] != mark || s[j-1] == ' ' || !edge(utf8.DecodeRuneInString(s[j+1:])) {
			continue
		}
		if in := s[from:j]; strings.Count(in, "<") == 2*strings.Count(in, "</") {
			return j
		}
	}
	return -1
}

// edge reports whether a mark may stand beside r.
func edge(r rune, size int) bool { return size == 0 || (!unicode.IsLetter(r) && !unicode.IsDigit(r)) }
