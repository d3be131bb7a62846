package postgres

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
)

// What is written in one piece is what pgx writes.
func TestTextArraysAreThoseOfPgx(t *testing.T) {
	t.Parallel()
	m := pgtype.NewMap()
	of, _ := m.TypeForOID(pgtype.TextArrayOID)
	codec, _ := of.Codec.(*pgtype.ArrayCodec)
	own := pgtype.NewMap()
	own.RegisterType(&pgtype.Type{Name: of.Name, OID: of.OID, Codec: textArrays{codec}})
	for _, list := range [][]string{nil, {}, {""}, {"a", "", "ü€😀"}, strings.Split(strings.Repeat("x,", 1000), ",")} {
		want, err := m.Encode(of.OID, pgtype.BinaryFormatCode, list, []byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := own.Encode(of.OID, pgtype.BinaryFormatCode, list, []byte("before"))
		if err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%q is %q, want %q: %v", list, got, want, err)
		}
	}
	some, none := "a", (*string)(nil)
	if got, err := own.Encode(of.OID, pgtype.BinaryFormatCode, []*string{&some, none}, nil); err != nil || !bytes.HasSuffix(got, []byte{255, 255, 255, 255}) {
		t.Errorf("a NULL is %q: %v", got, err)
	}
}
