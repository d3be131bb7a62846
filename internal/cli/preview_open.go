package cli

import (
	"context"
	"errors"
	"fmt"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/preview"
	"holdfast/internal/server/web"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// serveMail shows m as the page shows what was sent, until ctx ends: the pages
// keep what a template or a customer wrote in a frame without scripts.
func serveMail(ctx context.Context, s Streams, m preview.Mail, listen string) (err error) {
	st := memory.New()
	defer func() { err = errors.Join(err, st.Close()) }() //nolint:contextcheck // memory is dropped in no time
	err = st.Update(ctx, func(tx store.Tx) error {
		_, err := tx.PutMessage(store.Outmail{Outbound: m.Outbound})
		if err != nil {
			return err
		}
		return tx.PutTouch(store.Touch{
			ID: m.Touch, Enrollment: "preview", Account: m.Account, Contact: m.Contact, Playbook: m.Playbook, Step: m.Step, Path: m.Step,
			Channel: m.Channel, Recipient: m.To.ID, State: holdfast.Skipped, Reason: "a preview", ClaimedAt: m.At, DoneAt: m.At,
		})
	})
	if err != nil {
		return err
	}
	pages, err := servePages(ctx, &web.Site{Store: st, Clock: clock.NewVirtual(m.At), Log: quietLog(s.Err), Project: "preview"}, listen)
	if err != nil {
		return err
	}
	pages.finish()
	said(s.Out, m)
	fmt.Fprintf(s.Out, "look at it: %smail/%s\n", pages.url, m.Touch)
	<-ctx.Done()
	return pages.close(ctx)
}
