package standin

import (
	"math/rand/v2"
	"strings"
)

type fields = map[string]any

// fateOf is what happens to a mail to address, in order.
func fateOf(address string, draw *rand.Rand) []fields {
	processed, delivered := fields{"event": "processed"}, fields{"event": "delivered", "response": "250 OK"}
	opened := fields{"event": "open", "sg_machine_open": false, "useragent": "Mozilla/5.0"}
	ahead := fields{"event": "open", "sg_machine_open": true, "useragent": "Mozilla/5.0"}
	clicked := fields{"event": "click", "url": "https://northwind.example/pricing?from=mail"}
	local, _, _ := strings.Cut(address, "@")
	kind, _, _ := strings.Cut(strings.ToLower(local), "+")
	switch kind {
	case "bounce":
		return []fields{processed, {"event": "bounce", "type": "bounce", "bounce_classification": "Invalid Address", "reason": "550 5.1.1 no such user", "status": "5.1.1"}}
	case "blocked":
		return []fields{processed, {"event": "bounce", "type": "blocked", "bounce_classification": "Reputation", "reason": "421 try again later", "status": "4.0.0"}}
	case "drop":
		return []fields{{"event": "dropped", "reason": "Bounced Address"}}
	case "spam":
		return []fields{processed, delivered, {"event": "spamreport"}}
	case "unsubscribe":
		return []fields{processed, delivered, {"event": "unsubscribe"}}
	case "defer":
		return []fields{processed, {"event": "deferred", "response": "451 try again later", "attempt": "1"}, delivered}
	case "open":
		return []fields{processed, delivered, ahead, opened, clicked}
	}
	out := []fields{processed, delivered}
	if draw.Float64() < 0.3 {
		out = append(out, ahead)
	}
	if draw.Float64() < 0.2 {
		out = append(out, opened)
	}
	return out
}
