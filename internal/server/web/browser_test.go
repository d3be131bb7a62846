package web_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A real browser reads the pages as a person would: from the timeline to the
// mail, whose script stays locked in its frame. `scripts/need` installs the browser.
func TestAPersonReadsAMailInARealBrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	url, ctx := serve(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)

	if err := chromedp.Do(ctx, chromedp.Navigate(url), chromedp.Click("td a[href='/mail/t1']"), chromedp.WaitVisible("iframe")); err != nil {
		t.Fatal(err)
	}
	if got := title(ctx, t); got != "What has changed · Holdfast" {
		t.Errorf("title %q, want the mail's subject", got)
	}
	text, err := chromedp.Run(ctx, chromedp.Text("main"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "dana@acme.example") || !strings.Contains(text, "Hello Dana") {
		t.Errorf("the page says %q, want the recipient and the plain text", text)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(url+"/accounts/acme")); err != nil {
		t.Fatal(err)
	}
	if got := title(ctx, t); got != "acme · Holdfast" {
		t.Errorf("title %q: a name on the page ran as a script", got)
	}
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		for _, page := range []string{"", "mail/t1"} {
			if err := chromedp.Do(ctx, chromedp.Navigate(url+"/"+page)); err != nil {
				t.Fatal(err)
			}
			shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "page-"+filepath.Base("x"+page)+".png"), shot, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func title(ctx context.Context, t *testing.T) string {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Title())
	if err != nil {
		t.Fatal(err)
	}
	return got
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
