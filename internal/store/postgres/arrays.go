package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// dial connects for writing.
func dial(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if of, known := conn.TypeMap().TypeForOID(pgtype.TextArrayOID); known {
		if codec, ok := of.Codec.(*pgtype.ArrayCodec); ok {
			conn.TypeMap().RegisterType(&pgtype.Type{Name: of.Name, OID: of.OID, Codec: textArrays{codec}})
		}
	}
	return conn, nil
}

// textArrays encodes lists of texts, of which rows are made, in one piece: pgx makes room
// for each element by itself, and copies what was there.
type textArrays struct{ *pgtype.ArrayCodec }

// PlanEncode is pgtype.Codec.
func (c textArrays) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, is := value.([]string); is && format == pgtype.BinaryFormatCode {
		return inOnePiece{}
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

type inOnePiece struct{}

// Encode writes one dimension without NULLs, as array_recv reads it (PostgreSQL,
// arrayfuncs.c): dimensions, whether there are NULLs, the elements' type, how many,
// the first one's index, and each after its length.
func (inOnePiece) Encode(value any, buf []byte) ([]byte, error) {
	list, is := value.([]string)
	if !is {
		return nil, fmt.Errorf("encode texts: %T is no list of them", value)
	}
	size := 20
	for _, s := range list {
		size += 4 + len(s)
	}
	buf = slices.Grow(buf, size)
	for _, n := range []int{1, 0, pgtype.TextOID, len(list), 1} {
		buf = binary.BigEndian.AppendUint32(buf, uint32(n)) //nolint:gosec // PostgreSQL takes a gigabyte at most
	}
	for _, s := range list {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(s))) //nolint:gosec // as above
		buf = append(buf, s...)
	}
	return buf, nil
}
