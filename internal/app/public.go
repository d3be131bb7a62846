package app

import "net/http"

// Public is what the outside calls: providers with what happened to messages,
// Slack with what our people click, customers who follow a link of a mail. Each
// door checks who calls by itself. It is no part of the page on this machine.
func (a *App) Public() (http.Handler, error) {
	mux := http.NewServeMux()
	for _, open := range []func(*http.ServeMux) error{
		a.slackDoor,
	} {
		if err := open(mux); err != nil {
			return nil, err
		}
	}
	return mux, nil
}
