package sources

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"

	"holdfast"
)

// cloudEvents reads CloudEvents 1.0 over HTTP in the structured, binary and batched
// modes (https://github.com/cloudevents/spec, HTTP protocol binding 1.0.2). A
// type's dots become spaces, since names with dots are ours alone. The account is
// the extension account, else account_id of the data, else the subject; an event of
// all accounts may name none.
type cloudEvents struct{ s Settings }

func (c cloudEvents) messages(r Request) ([]Said, []Refused, error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case strings.HasPrefix(media, "application/cloudevents-batch"):
		v, err := decode(r.Body)
		if err != nil {
			return nil, nil, err
		}
		list, ok := v.([]any)
		if !ok {
			return nil, nil, errors.New("the body is no batch: expected a list of events")
		}
		var ms []Said
		var refused []Refused
		for i, item := range list {
			e, _ := item.(map[string]any)
			m, err := c.event(e, r)
			place := fmt.Sprintf("[%d]", i)
			if err != nil {
				refused = append(refused, Refused{place, err.Error()})
				continue
			}
			ms = append(ms, Said{place, m})
		}
		return ms, refused, nil
	case r.Header.Get("Ce-Specversion") != "":
		return one(c.binary(r, media))
	}
	e, err := decodeObject(r.Body)
	if err != nil {
		return nil, nil, err
	}
	return one(c.event(e, r))
}

func one(m holdfast.Message, err error) ([]Said, []Refused, error) {
	if err != nil {
		return nil, nil, err
	}
	return []Said{{Message: m}}, nil, nil
}

// binary has the attributes in headers and the data as the body.
func (c cloudEvents) binary(r Request, media string) (holdfast.Message, error) {
	e := object{}
	for name, values := range r.Header {
		attr, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok || len(values) == 0 {
			continue
		}
		value, err := url.PathUnescape(values[0])
		if err != nil {
			value = values[0]
		}
		if !utf8.ValidString(value) {
			return holdfast.Message{}, fmt.Errorf("the header %s is not UTF-8; send UTF-8, percent-encoded", clip(name))
		}
		e[attr] = value
	}
	if len(r.Body) > 0 {
		if !isJSON(media) {
			return holdfast.Message{}, fmt.Errorf("data of type %q cannot be read: expected application/json", clip(media))
		}
		data, err := decode(r.Body)
		if err != nil {
			return holdfast.Message{}, err
		}
		e["data"] = data
	}
	return c.event(e, r)
}

func isJSON(media string) bool {
	return media == "" || media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// event is one event in its JSON form.
func (c cloudEvents) event(e object, r Request) (holdfast.Message, error) {
	m := holdfast.Message{Kind: holdfast.Track, At: r.At}
	if v := e.text("specversion"); !strings.HasPrefix(v, "1.") {
		return m, fmt.Errorf("specversion is %q: expected 1.0", clip(v))
	}
	id, source, kind := e.text("id"), e.text("source"), e.text("type")
	for _, need := range [][2]string{{"id", id}, {"source", source}, {"type", kind}} {
		if need[1] == "" {
			return m, fmt.Errorf("%s is missing", need[0])
		}
	}
	if t := e.text("time"); t != "" {
		at, ok := moment(t)
		if !ok {
			return m, fmt.Errorf("time is %q: expected one such as 2026-05-01T09:00:00Z", clip(t))
		}
		m.At = at
	}
	if err := cloudData(e); err != nil {
		return m, err
	}
	m.ID = contentID(source, id) // an id is unique for its source alone
	m.Event = strings.Join(strings.Fields(strings.ReplaceAll(kind, ".", " ")), " ")
	m.Account = cmp.Or(e.text("account"), e.text("data", "account_id"), e.text("subject"))
	m.Contact = cmp.Or(e.text("contact"), e.text("data", "contact_id"))
	if why := c.s.unnamed(m, "give a subject, data.account_id or the extension account"); why != "" {
		return m, errors.New(why)
	}
	m.Props = e.object("data")
	if m.Props == nil {
		m.Props = map[string]any{}
		set(m.Props, "data", e.at("data"))
	}
	return m, nil
}

// cloudData undoes base64.
func cloudData(e object) error {
	coded := e.text("data_base64")
	if coded == "" {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return errors.New("data_base64 is no base64")
	}
	media, _, _ := mime.ParseMediaType(cmp.Or(e.text("datacontenttype"), "application/json"))
	if !isJSON(media) || !json.Valid(raw) {
		return fmt.Errorf("data of type %q cannot be read: expected application/json", clip(media))
	}
	e["data"], err = decode(raw)
	return err
}
