package standin

import (
	"strings"
	"time"
)

// user by id; where nobody was named beforehand, whoever has an id of the right shape.
func (s *Slack) user(id string) (User, bool) {
	for _, u := range s.users {
		if u.ID == id {
			return u, true
		}
	}
	if s.o.Users != nil || !userID.MatchString(id) || id == botUser {
		return User{}, false
	}
	u := User{ID: id, Name: strings.ToLower(id)}
	s.users = append(s.users, u)
	return u, true
}

// handle is a user's name as it stands in payloads: small letters and dots.
func (u User) handle() string {
	if at := strings.IndexByte(u.Email, '@'); at > 0 {
		return strings.ToLower(u.Email[:at])
	}
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(u.Name)), " ", ".")
}

// zone is where the user is; UTC when that is not known.
func (u User) zone() *time.Location {
	if z, err := time.LoadLocation(u.TZ); err == nil {
		return z
	}
	return time.UTC
}

func (s *Slack) shownUser(u User) map[string]any {
	name, offset := s.clock.Now().In(u.zone()).Zone()
	return map[string]any{
		"id": u.ID, "team_id": teamID, "name": u.handle(), "real_name": u.Name, "deleted": false, "is_bot": u.ID == botUser,
		"is_app_user": false, "updated": 0, "tz": u.zone().String(), "tz_label": name, "tz_offset": offset,
		"profile": map[string]any{"real_name": u.Name, "real_name_normalized": u.Name, "display_name": u.handle(), "email": u.Email, "team": teamID},
	}
}

func (s *Slack) authTest(call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	return ok(map[string]any{
		"url": s.base + "/", "team": "Stand-in", "team_id": teamID, "user": "holdfast", "user_id": botUser, "bot_id": botID,
		"is_enterprise_install": false,
	})
}

func (s *Slack) userInfo(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	if c.get("user") == botUser {
		return ok(map[string]any{"user": s.shownUser(User{ID: botUser, Name: "Holdfast"})})
	}
	u, known := s.user(c.get("user"))
	if !known {
		return notOK("user_not_found")
	}
	return ok(map[string]any{"user": s.shownUser(u)})
}

func (s *Slack) userList(call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	out := []any{s.shownUser(User{ID: botUser, Name: "Holdfast"})}
	for _, u := range s.users {
		out = append(out, s.shownUser(u))
	}
	return ok(map[string]any{"members": out, "cache_ts": s.clock.Now().Unix(), "response_metadata": map[string]any{"next_cursor": ""}})
}

func (s *Slack) userByEmail(c call) reply {
	s.state.Lock()
	defer s.state.Unlock()
	for _, u := range s.users {
		if email := c.get("email"); email != "" && strings.EqualFold(u.Email, email) {
			return ok(map[string]any{"user": s.shownUser(u)})
		}
	}
	return notOK("users_not_found")
}
