package rules

import (
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// percentVal is a percentage inside an expression: 5 is five percent.
type percentVal float64

var percentType = types.NewObjectType("percent", traits.ComparerType, traits.AdderType,
	traits.SubtractorType, traits.MultiplierType)

func (p percentVal) ConvertToNative(reflect.Type) (any, error) { return nil, errConvert }

func (p percentVal) ConvertToType(t ref.Type) ref.Val { return sameType(p, percentType, t) }

func (p percentVal) Type() ref.Type { return percentType }

func (p percentVal) Value() any { return float64(p) }

func (p percentVal) Equal(other ref.Val) ref.Val {
	o, ok := other.(percentVal)
	return types.Bool(ok && p == o)
}

// Compare implements traits.Comparer.
func (p percentVal) Compare(other ref.Val) ref.Val {
	o, ok := other.(percentVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return order(p, o)
}

// Add implements traits.Adder.
func (p percentVal) Add(other ref.Val) ref.Val {
	o, ok := other.(percentVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return p + o
}

// Subtract implements traits.Subtractor.
func (p percentVal) Subtract(other ref.Val) ref.Val {
	o, ok := other.(percentVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return p - o
}

// Multiply implements traits.Multiplier: by money, the share of it; by a
// number, that many times the percentage.
func (p percentVal) Multiply(other ref.Val) ref.Val {
	switch o := other.(type) {
	case moneyVal:
		return o.Multiply(p)
	case types.Int:
		return p * percentVal(o)
	case types.Double:
		return p * percentVal(o)
	}
	return types.MaybeNoSuchOverloadErr(other)
}

// percentOf is n percent.
func percentOf(v ref.Val) ref.Val {
	switch n := v.(type) {
	case types.Int:
		return percentVal(n)
	case types.Double:
		return percentVal(n)
	}
	return types.MaybeNoSuchOverloadErr(v)
}
