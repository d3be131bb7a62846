package app

import (
	"context"
	"encoding/base64"
	"regexp"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
)

// History is all that Temporal keeps of a workflow, as text.
func (a *App) History(ctx context.Context, id string) (string, error) {
	return history(ctx, a.client, id)
}

// Ended waits for a workflow's end, which comes after that of its enrollment: the
// store is written first.
func (a *App) Ended(ctx context.Context, id string) error {
	return a.client.GetWorkflow(ctx, id, "").Get(ctx, nil)
}

// RawHistory is History as somebody reads it who has no key.
func (a *App) RawHistory(ctx context.Context, id string) (string, error) {
	c, err := a.reach(nil)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return history(ctx, c, id)
}

func history(ctx context.Context, c client.Client, id string) (string, error) {
	text := ""
	for it := c.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		if err != nil {
			return "", err
		}
		// Payloads print as base64; their bytes are what counts.
		b, err := protojson.Marshal(e)
		if err != nil {
			return "", err
		}
		text += decoded(string(b)) + "\n"
	}
	return text, nil
}

// TakeOverNow is what follow does about a new release.
func (a *App) TakeOverNow(ctx context.Context) error { return a.takeOver(ctx) }

// KeepLists starts what keeps the provider's lists in step, and says whether it did.
func (a *App) KeepLists(ctx context.Context) (started bool, err error) {
	before := len(a.stops)
	err = a.keepLists(ctx)
	return len(a.stops) > before, err
}

// decoded is text with each base64 "data" of a payload as the bytes it stands for.
func decoded(text string) string {
	return payload.ReplaceAllStringFunc(text, func(m string) string {
		b, err := base64.StdEncoding.DecodeString(payload.FindStringSubmatch(m)[1])
		if err != nil {
			return m
		}
		return string(b)
	})
}

var payload = regexp.MustCompile(`"data":\s*"([A-Za-z0-9+/=]+)"`)

// Publish makes the project's playbooks the ones in force, without the engine.
func (a *App) Publish(ctx context.Context) error { return a.publish(ctx) }

// WaitForSlack returns when what follows the answers to Slack so far is done.
func (a *App) WaitForSlack() { a.slack.app.Wait() }

// StartSlack starts what goes on in Slack by itself, without the engine.
func (a *App) StartSlack(ctx context.Context) { a.startSlack(ctx) }

// TuningOf is what the environment says of a worker.
var TuningOf = tuningOf
