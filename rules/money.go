package rules

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"strconv"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"holdfast"
)

// moneyVal is holdfast.Money inside an expression: whole minor units.
type moneyVal holdfast.Money

var moneyType = types.NewObjectType("money", traits.ComparerType, traits.AdderType,
	traits.SubtractorType, traits.MultiplierType, traits.DividerType, traits.NegatorType)

var errConvert = errors.New("no such conversion")

func (m moneyVal) ConvertToNative(reflect.Type) (any, error) { return nil, errConvert }

func (m moneyVal) ConvertToType(t ref.Type) ref.Val { return sameType(m, moneyType, t) }

func (m moneyVal) Type() ref.Type { return moneyType }

func (m moneyVal) Value() any { return holdfast.Money(m) }

func (m moneyVal) Equal(other ref.Val) ref.Val {
	o, ok := other.(moneyVal)
	return types.Bool(ok && m == o)
}

// Compare implements traits.Comparer.
func (m moneyVal) Compare(other ref.Val) ref.Val {
	o, ok := other.(moneyVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return order(m, o)
}

// Add implements traits.Adder.
func (m moneyVal) Add(other ref.Val) ref.Val {
	o, ok := other.(moneyVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if (o > 0 && m > math.MaxInt64-o) || (o < 0 && m < math.MinInt64-o) {
		return errTooLarge
	}
	return m + o
}

// Subtract implements traits.Subtractor.
func (m moneyVal) Subtract(other ref.Val) ref.Val {
	o, ok := other.(moneyVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if (o < 0 && m > math.MaxInt64+o) || (o > 0 && m < math.MinInt64+o) {
		return errTooLarge
	}
	return m - o
}

// Multiply implements traits.Multiplier: by a number, exactly for a whole one,
// or by a percentage; half a minor unit is rounded away from zero.
func (m moneyVal) Multiply(other ref.Val) ref.Val {
	switch o := other.(type) {
	case types.Int:
		p := m * moneyVal(o)
		if o != 0 && (p/moneyVal(o) != m || (o == -1 && m == math.MinInt64)) {
			return errTooLarge
		}
		return p
	case types.Double:
		return m.times(float64(o), 1)
	case percentVal:
		return m.times(float64(o), 100)
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// times is m times f / by, with f as its shortest decimal writes it: 1.005 is
// that, not the binary fraction beside it.
func (m moneyVal) times(f float64, by int64) ref.Val {
	r, ok := written(f)
	if !ok {
		return errTooLarge
	}
	return wholeUnits(r.Mul(r, big.NewRat(int64(m), by)))
}

// Divide implements traits.Divider: money by money is a number, money by a
// number is money.
func (m moneyVal) Divide(other ref.Val) ref.Val {
	by := new(big.Rat)
	switch o := other.(type) {
	case moneyVal:
		if o == 0 {
			return errZero
		}
		return types.Double(float64(m) / float64(o))
	case types.Int:
		by.SetInt64(int64(o))
	case types.Double:
		r, ok := written(float64(o))
		if !ok {
			return errTooLarge
		}
		by = r
	default:
		return types.MaybeNoSuchOverloadErr(other)
	}
	if by.Sign() == 0 {
		return errZero
	}
	return wholeUnits(by.Quo(new(big.Rat).SetInt64(int64(m)), by))
}

// Negate implements traits.Negater.
func (m moneyVal) Negate() ref.Val {
	if m == math.MinInt64 {
		return errTooLarge
	}
	return -m
}

var (
	errTooLarge = types.NewErr("an amount is too large")
	errZero     = types.NewErr("division by zero")
)

// written is f as its shortest decimal writes it; ok is false for NaN and infinities.
func written(f float64) (r *big.Rat, ok bool) {
	return new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
}

// wholeUnits rounds half a minor unit away from zero.
func wholeUnits(r *big.Rat) ref.Val {
	n := new(big.Int).Abs(r.Num())
	n.Lsh(n, 1).Add(n, r.Denom()).Quo(n, new(big.Int).Lsh(r.Denom(), 1))
	if r.Sign() < 0 {
		n.Neg(n)
	}
	if !n.IsInt64() {
		return errTooLarge
	}
	return moneyVal(n.Int64())
}

// moneyOf is an amount in major units: 50000 is 50,000.00.
func moneyOf(v ref.Val) ref.Val {
	switch n := v.(type) {
	case types.Int:
		return moneyVal(100).Multiply(n)
	case types.Double:
		return moneyVal(100).times(float64(n), 1)
	}
	return types.MaybeNoSuchOverloadErr(v)
}

// order is -1, 0 or 1, as CEL wants it.
func order[T int64 | float64 | moneyVal | percentVal](a, b T) ref.Val {
	switch {
	case a < b:
		return types.IntNegOne
	case a > b:
		return types.IntOne
	}
	return types.IntZero
}

// sameType answers type conversions of our values, which know only themselves
// and the type of types.
func sameType(v ref.Val, own, to ref.Type) ref.Val {
	switch to {
	case own:
		return v
	case types.TypeType:
		return own.(*types.Type)
	}
	return types.NewErr("no such conversion")
}
