// Package judge holds requests against a provider's own OpenAPI description, by a
// validator that is not ours, in strict mode: what the description does not
// declare is a finding, although the provider would ignore it in silence. It is
// for tests and is no part of the binary.
package judge

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
)

// SendGridMail is where the description of POST /v3/mail/send lies in a folder of
// such files: github.com/twilio/sendgrid-oai, with custom_args typed as the object
// that they are. The description says nothing of bytes, of reserved headers or of
// recipients that stand there twice; the stand-in checks those itself.
func SendGridMail(folder string) string {
	return filepath.Join(folder, "sendgrid", "tsg_mail_v3.patched.json")
}

// New is a judge by the description in file, as standin.Options.Judge takes it:
// what it finds in a request, nothing for one that is right. It may be called from
// several goroutines.
func New(file string) (func(r *http.Request) []string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	// What every HTTP client sends is not of the description's business, and these
	// objects are maps, whose keys it leaves to the sender.
	v, failed := validator.NewValidator(doc, config.WithStrictMode(), config.WithoutSecurityValidation(),
		config.WithStrictIgnorePaths("$.body.headers.**", "$.body.custom_args.**", "$.body.personalizations[*].headers.**",
			"$.body.personalizations[*].custom_args.**", "$.body.personalizations[*].substitutions.**", "$.body.personalizations[*].dynamic_template_data.**"),
		config.WithStrictIgnoredHeadersExtra("Accept-Encoding", "User-Agent", "Authorization", "Accept", "Content-Length", "Content-Type"))
	if len(failed) > 0 {
		return nil, fmt.Errorf("%s: %w", file, failed[0])
	}
	var mu sync.Mutex // it fills caches while it reads
	return func(r *http.Request) []string {
		mu.Lock()
		defer mu.Unlock()
		_, wrong := v.ValidateHttpRequest(r)
		return findings(wrong)
	}, nil
}

func findings(wrong []*errors.ValidationError) (out []string) {
	for _, w := range wrong {
		said := strings.TrimSpace(w.Message)
		if len(w.SchemaValidationErrors) == 0 {
			out = append(out, said+": "+w.Reason)
		}
		for _, s := range w.SchemaValidationErrors {
			out = append(out, said+": "+s.FieldPath+" "+s.Reason)
		}
	}
	return out
}
