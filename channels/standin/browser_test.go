package standin_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	slackgo "github.com/slack-go/slack"
)

// A real browser clicks a card and fills in its form: the page's policy and its
// check of origins must let its own forms through. `scripts/need` installs the browser.
func TestAPersonClicksACardInARealBrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	d, a := newLiveDesk(t)
	channel, _ := d.post(t, "U0JON", say("Call Acme"), blocksOf(t, `[
	  {"type":"header","text":{"type":"plain_text","text":"Call Acme about the renewal"}},
	  {"type":"context","elements":[{"type":"mrkdwn","text":"Acme &amp; Sons · renewal-90 · <@U0JON>"}]},
	  {"type":"section","text":{"type":"mrkdwn","text":"*Due* <!date^1780326000^{date_short_pretty} {time}|1 Jun>"},"accessory":{"type":"button","action_id":"open","text":{"type":"plain_text","text":"Open"}}},
	  {"type":"section","fields":[{"type":"mrkdwn","text":"*ARR*\n48,000 EUR"},{"type":"mrkdwn","text":"*Health*\nred, was green"}]},
	  {"type":"divider"},
	  {"type":"section","text":{"type":"mrkdwn","text":"• Logins fell by half\n• The champion left\n> We will not renew at this price"}},
	  {"type":"actions","block_id":"work","elements":[
	    {"type":"button","action_id":"done","style":"primary","text":{"type":"plain_text","text":"Done"}},
	    {"type":"button","action_id":"snooze","text":{"type":"plain_text","text":"Snooze"}},
	    {"type":"button","action_id":"cannot","style":"danger","text":{"type":"plain_text","text":"Can't do"}},
	    {"type":"users_select","action_id":"reassign","placeholder":{"type":"plain_text","text":"Reassign"}}]}]`))
	a.says(func(http.ResponseWriter, *http.Request, []byte) {
		if told := a.told[len(a.told)-1]; told.Type == slackgo.InteractionTypeBlockActions {
			if _, err := d.api.OpenView(told.TriggerID, modal("reason")); err != nil {
				t.Error(said(err))
			}
		}
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)

	if err := chromedp.Do(ctx, chromedp.Navigate(d.url+"/?as=U0JON"), chromedp.Click(`button[value="work/snooze"]`), chromedp.WaitVisible("[role=dialog]")); err != nil {
		t.Fatal(err)
	}
	got := a.asked()
	if got.ActionCallback.BlockActions[0].ActionID != "snooze" || got.Channel.ID != channel {
		t.Fatalf("the app was told %+v", got.ActionCallback)
	}
	shoot(ctx, t, "slack-form")
	if err := chromedp.Do(ctx, chromedp.SendKeys("input[type=number]", "3"), chromedp.SendKeys("section select", "They"),
		chromedp.Click(`button.primary[value="submit"]`), chromedp.WaitNotPresent("[role=dialog]")); err != nil {
		t.Fatal(err)
	}
	got = a.asked()
	if got.Type != slackgo.InteractionTypeViewSubmission || got.View.State.Values["long"]["days"].Value != "3" || got.View.State.Values["reasons"]["why"].SelectedOption.Value != "away" {
		t.Errorf("the app was told %s with %+v", got.Type, got.View.State)
	}
	text, err := chromedp.Run(ctx, chromedp.Text("main"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "Call Acme about the renewal") {
		t.Errorf("the page says %q", text)
	}
	shoot(ctx, t, "slack-card")
}

// shoot keeps a picture of the page where somebody wants to look at it.
func shoot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o600); err != nil {
		t.Fatal(err)
	}
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser: run scripts/need, or put chromium on the PATH")
	return ""
}
