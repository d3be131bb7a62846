package temporal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"holdfast"
)

// Names in the metadata of an encrypted payload, as Temporal's samples have them.
const (
	encodingKey  = "encoding"
	encrypted    = "binary/encrypted"
	encryptedBy  = "encryption-key-id"
	payloadKeyIs = 32 // bytes: AES-256
)

// PayloadKeys encrypt what Temporal keeps of us: arguments, results, signals and the
// texts of failures (AES-256-GCM, each with a random nonce). The first key encrypts,
// all decrypt; what was written before there were keys is read as it is. Ids of
// workflows, names of types and of the task queue are not payloads, and stay
// readable. Safe for concurrent use.
type PayloadKeys struct {
	ids   []string
	seals map[string]cipher.AEAD
	sums  map[string]string
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// ParsePayloadKeys reads keys written as id:base64, the first the one that encrypts.
// It is nil for none. No error names a key's bytes.
func ParsePayloadKeys(texts []string) (*PayloadKeys, error) {
	if len(texts) == 0 {
		return nil, nil //nolint:nilnil // no keys: nothing is encrypted
	}
	k := &PayloadKeys{seals: map[string]cipher.AEAD{}, sums: map[string]string{}}
	for i, text := range texts {
		id, secret, named := strings.Cut(text, ":")
		key, err := base64.StdEncoding.DecodeString(secret)
		var wrong string
		switch {
		case !named || !keyID.MatchString(id):
			wrong = "has no id before a colon, of letters, digits, - and _"
		case err != nil:
			wrong = "(" + id + ") is not base64"
		case len(key) != payloadKeyIs:
			wrong = fmt.Sprintf("(%s) has %d bytes; a key has %d", id, len(key), payloadKeyIs)
		case slices.Contains(k.ids, id):
			wrong = "has the id " + id + " of another"
		}
		if wrong != "" {
			e := holdfast.Errorf(holdfast.Invalid, "key %d of HOLDFAST_PAYLOAD_KEYS %s", i+1, wrong)
			e.Hint = "write id:base64 for each, the newest first, and draw one with: openssl rand -base64 32"
			return nil, e
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", id, err)
		}
		if k.seals[id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("key %s: %w", id, err)
		}
		sum := sha256.Sum256(append([]byte("holdfast payload key\x00"), key...))
		k.ids, k.sums[id] = append(k.ids, id), hex.EncodeToString(sum[:8])
	}
	return k, nil
}

// IDs of the keys, in their order. None of nil.
func (k *PayloadKeys) IDs() []string {
	if k == nil {
		return nil
	}
	return slices.Clone(k.ids)
}

// Sum tells a key from another of the same id; it does not tell the key. "" of an id
// that there is not.
func (k *PayloadKeys) Sum(id string) string {
	if k == nil {
		return ""
	}
	return k.sums[id]
}

// Handler answers POST /encode and /decode as Temporal's page and command line ask a
// codec server. It checks nobody: that is for who serves it.
func (k *PayloadKeys) Handler() http.Handler { return converter.NewPayloadCodecHTTPHandler(k) }

var _ converter.PayloadCodec = (*PayloadKeys)(nil)

// Encode encrypts payloads with the first key.
func (k *PayloadKeys) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	id := k.ids[0]
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encrypt a payload: %w", err)
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{encodingKey: []byte(encrypted), encryptedBy: []byte(id)},
			Data:     k.seals[id].Seal(nil, nil, plain, []byte(id)),
		}
	}
	return out, nil
}

// Decode decrypts payloads, each with the key that it names. One that is not
// encrypted comes back as it is.
func (k *PayloadKeys) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[encodingKey]) != encrypted {
			out[i] = p
			continue
		}
		id := string(p.GetMetadata()[encryptedBy])
		seal, ok := k.seals[id]
		if !ok {
			return nil, holdfast.Errorf(holdfast.Invalid, "a payload is encrypted with key %q, which HOLDFAST_PAYLOAD_KEYS does not have", id)
		}
		plain, err := seal.Open(nil, nil, p.GetData(), []byte(id))
		if err != nil {
			return nil, holdfast.Errorf(holdfast.Invalid, "a payload cannot be decrypted with key %q: it is another key of that id, or the payload was changed", id)
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, fmt.Errorf("decrypt a payload: %w", err)
		}
	}
	return out, nil
}
