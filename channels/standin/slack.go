package standin

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/internal/clock"
)

// SlackOptions say who is in the workspace, and where it sends what they do.
// The zero value is a workspace that takes any token, in which people and
// channels are there as soon as they are named, and in which nobody can click.
type SlackOptions struct {
	Token         string // the one bot token that is good; "" takes any
	AppToken      string // the one app-level token that opens sockets; "" takes any
	SigningSecret string // signs what is sent to Hooks
	// Hooks is the base of the app's addresses on this machine: HOOKS/interact,
	// HOOKS/events and HOOKS/commands. "" delivers over sockets alone.
	Hooks    string
	Command  string   // the app's slash command; "" is /holdfast
	Users    []User   // nil: whoever is named with an id such as U012AB3CD
	Channels []string // their names; nil: whichever is named
	// Limits is a file of Block Kit limits, a line each, such as
	// "Button.text.text maxLength=75", that are checked beside the built-in ones.
	Limits string
	// Paced answers 429 to more than a post a second in a channel, after a burst
	// of ten: https://docs.slack.dev/apis/web-api/rate-limits
	Paced bool
	// Patience is how long an answer to a click may take; 0 is Slack's three seconds.
	Patience time.Duration
	// Refresh is how long a socket lives until it is asked to reconnect, as
	// Slack does every few hours; 0 is for ever.
	Refresh time.Duration
}

// User of the workspace. ID looks like U012AB3CD; TZ is an IANA name, or "".
type User struct{ ID, Name, Email, TZ string }

// The ids of the only team, app and bot.
const (
	teamID  = "T0STANDIN"
	appID   = "A0STANDIN"
	botID   = "B0STANDIN"
	botUser = "U0STANDIN"
)

// Slack is Slack on this machine: the Web API below /api, Socket Mode, response
// URLs, and a page at / on which a person sees messages and acts. What its
// people do goes to the app as Slack sends it. Safe for concurrent use.
type Slack struct {
	*Provider

	o      SlackOptions
	limits []limit
	client *http.Client

	state   sync.Mutex // of all below
	stamps  clock.Clock
	base    string // http://HOST:PORT of this stand-in, for response URLs
	hooks   string
	count   int // numbers ids of every kind
	last    int64
	users   []User
	rooms   []*room
	posts   map[string]bucket
	views   map[string]*view   // by id, open or not
	modals  map[string][]*view // by user, the open stack
	homes   map[string]*view
	trigger map[string]*trigger
	urls    map[string]*responseURL
	updates []Entry
	sockets []*socket
	// overSockets: a client of Socket Mode was there.
	overSockets bool
	tickets     map[string]bool
	waiting     map[string]chan []byte // envelopes that are not acknowledged
	notices     map[string]string      // by user, what Slack says went wrong
}

// NewSlack makes a workspace. It refuses hooks that are not on this machine,
// and a file of limits that it cannot read.
func NewSlack(o SlackOptions, plan *Plan, record *Record, c clock.Clock) (*Slack, error) {
	s := &Slack{
		Provider: newProvider("slack", plan, record, c), o: o, stamps: c,
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		posts:  map[string]bucket{}, views: map[string]*view{}, modals: map[string][]*view{}, homes: map[string]*view{},
		trigger: map[string]*trigger{}, urls: map[string]*responseURL{}, tickets: map[string]bool{},
		waiting: map[string]chan []byte{}, notices: map[string]string{},
	}
	if s.o.Command == "" {
		s.o.Command = "/holdfast"
	}
	if err := s.PointAt(o.Hooks); err != nil {
		return nil, err
	}
	var err error
	if s.limits, err = limitsOf(o.Limits); err != nil {
		return nil, err
	}
	s.users = append(s.users, o.Users...)
	for _, name := range o.Channels {
		s.addRoom(&room{id: s.id("C"), name: strings.TrimPrefix(name, "#")})
	}
	s.routes()
	return s, nil
}

// PointAt sets where clicks go from now on, as SlackOptions.Hooks.
func (s *Slack) PointAt(hooks string) error {
	if hooks != "" {
		u, err := url.Parse(hooks)
		if err != nil || u.Scheme != "http" || !loopback(u.Host) {
			return fmt.Errorf("slack hooks %q: want an http address on this machine, such as http://127.0.0.1:8080/hooks/slack", hooks)
		}
	}
	s.state.Lock()
	defer s.state.Unlock()
	s.hooks = strings.TrimRight(hooks, "/")
	return nil
}

// ListenAt says at which address s is served, such as http://127.0.0.1:4702;
// response URLs and sockets lead there.
func (s *Slack) ListenAt(base string) {
	s.state.Lock()
	defer s.state.Unlock()
	s.base = strings.TrimRight(base, "/")
}

// DateBy dates messages by c from now on, for an app that runs on a clock of its
// own. Signatures, and what expires, stay with the clock that s was made with.
func (s *Slack) DateBy(c clock.Clock) {
	s.state.Lock()
	defer s.state.Unlock()
	s.stamps = c
}

// Invite adds people to the workspace; whoever is there already, by id, is
// called as they are now.
func (s *Slack) Invite(users ...User) {
	s.state.Lock()
	defer s.state.Unlock()
	for _, u := range users {
		s.users = slices.DeleteFunc(s.users, func(one User) bool { return one.ID == u.ID })
		s.users = append(s.users, u)
	}
}

// loopback reports whether a host, with or without a port, is this machine.
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.Trim(name, "[]")
	ip := net.ParseIP(name)
	return name == "localhost" || (ip != nil && ip.IsLoopback())
}

func (s *Slack) routes() {
	for name, m := range map[string]method{
		"api.test":              {do: func(call) reply { return ok(nil) }, open: true},
		"auth.test":             {do: s.authTest},
		"chat.postMessage":      {do: s.postMessage, writes: true},
		"chat.postEphemeral":    {do: s.postEphemeral, writes: true},
		"chat.update":           {do: s.update, writes: true},
		"chat.delete":           {do: s.remove, writes: true},
		"conversations.history": {do: s.history},
		"conversations.replies": {do: s.replies},
		"conversations.open":    {do: s.openDM},
		"conversations.info":    {do: s.roomInfo},
		"conversations.list":    {do: s.roomList},
		"conversations.join":    {do: s.roomInfo},
		"users.info":            {do: s.userInfo},
		"users.list":            {do: s.userList},
		"users.lookupByEmail":   {do: s.userByEmail},
		"views.open":            {do: s.openView, writes: true},
		"views.push":            {do: s.pushView, writes: true},
		"views.update":          {do: s.updateView, writes: true},
		"views.publish":         {do: s.publishView, writes: true},
		"apps.connections.open": {do: s.openSocket, app: true},
	} {
		s.mux.HandleFunc("/api/"+name, s.serve(m))
	}
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) { write(w, notOK("unknown_method")) })
	s.mux.HandleFunc("POST /actions/{id}", s.respond)
	s.mux.HandleFunc("GET /link", s.connect)
	s.pages()
}

// id draws the next id of a kind: C and a number, such as C00000012.
func (s *Slack) id(kind string) string {
	s.count++
	return fmt.Sprintf("%s%08d", kind, s.count)
}

// stamp is the ts of something new: seconds and microseconds, each larger than the one before.
func (s *Slack) stamp() string {
	s.last = max(s.stamps.Now().UnixMicro(), s.last+1)
	return fmt.Sprintf("%d.%06d", s.last/1e6, s.last%1e6)
}

// Updates are the changes of messages by chat.update, in order; they are no
// entries of the Record, which counts posts. ID is "channel/ts".
func (s *Slack) Updates() []Entry {
	s.state.Lock()
	defer s.state.Unlock()
	return append([]Entry(nil), s.updates...)
}

var errNoSuch = errors.New("there is no such thing in the stand-in")
