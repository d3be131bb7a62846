package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/internal/config"
	"holdfast/internal/links"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

const (
	metaLinkKey = "link_key" // the drawn one, base64
	linkKeyBits = 256
	minLinkKey  = 32 // characters of a key from the environment
)

// linkKeysOf are the keys of the environment, the newest first.
func linkKeysOf(env config.Environment) (keys links.Keys, err error) {
	for i, key := range env.LinkKeys {
		if len(key) < minLinkKey {
			e := holdfast.Errorf(holdfast.Invalid, "key %d of HOLDFAST_LINK_KEYS has %d characters; %d is the least", i+1, len(key), minLinkKey)
			e.Hint = "draw one with: openssl rand -base64 32"
			return nil, e
		}
		keys = append(keys, []byte(key))
	}
	return keys, nil
}

// linkKeys are the keys of the environment and behind them the one that this
// directory drew at its first use: links that it signed go on working when keys come
// from the environment later.
func (a *App) linkKeys(ctx context.Context) (links.Keys, error) {
	keys, err := linkKeysOf(a.cfg.Env)
	if err != nil {
		return nil, err
	}
	var drawn string
	err = a.Store.View(ctx, func(tx store.Tx) (err error) {
		drawn, err = tx.MetaGet(metaLinkKey)
		return err
	})
	if err == nil && drawn == "" && len(keys) == 0 {
		err = a.Store.Update(ctx, func(tx store.Tx) (err error) {
			if drawn, err = tx.MetaGet(metaLinkKey); err != nil || drawn != "" {
				return err // another process was first
			}
			key := make([]byte, linkKeyBits/8)
			_, _ = rand.Read(key) // it never fails (crypto/rand)
			drawn = base64.StdEncoding.EncodeToString(key)
			return tx.MetaSet(metaLinkKey, drawn)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of links: %w", err)
	}
	if drawn != "" {
		keys = append(keys, []byte(drawn))
	}
	return keys, nil
}

// linksOf are what leads back from a touch, under the settings in force.
func (a *App) linksOf(touch string) activities.Links {
	return LinksOf(a.heads.get().Settings, a.keys, touch)
}

// LinksOf are what leads back from a touch under a project's settings: nothing
// without public_url and inbound.
func LinksOf(s project.Settings, keys links.Keys, touch string) (l activities.Links) {
	token := keys.Token(links.Unsubscribe, touch)
	if s.PublicURL != "" {
		l.Page = s.PublicURL + "/u/" + token
	}
	if s.Inbound != "" {
		l.OptOut = "unsubscribe+" + token + "@" + s.Inbound
		l.Reply = "reply+" + keys.Token(links.Reply, touch) + "@" + s.Inbound
	}
	return l
}

// mayMail refuses a project that would send outreach to real people from which
// nobody can unsubscribe.
func mayMail(p *project.Project, ways map[string]channels.Channel) error {
	if way := ways["email"]; way == nil || way.Loopback() || strings.HasPrefix(p.Settings.PublicURL, "https://") {
		return nil
	}
	i := slices.IndexFunc(p.Playbooks, func(b *playbooks.Playbook) bool { return b.Class == playbooks.Outreach && mails(b) })
	if i < 0 {
		return nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "playbook %s is outreach by e-mail, and its mails would have no link to unsubscribe", p.Playbooks[i].Name)
	e.Hint = "set public_url in holdfast.yaml to the https address at which customers reach this server; channels: {email: outbox} sends nothing"
	return e
}

// mails reports whether b has a step that sends e-mail.
func mails(b *playbooks.Playbook) bool {
	for _, s := range b.Program.Steps {
		if s.Verb == "email" {
			return true
		}
	}
	return false
}
