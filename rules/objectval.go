package rules

import (
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// objectVal is one object of an account inside an expression.
type objectVal struct {
	kind *object
	rec  Record
}

func (o *objectVal) ConvertToNative(reflect.Type) (any, error) { return nil, errConvert }

func (o *objectVal) ConvertToType(t ref.Type) ref.Val { return sameType(o, o.kind.cel, t) }

func (o *objectVal) Type() ref.Type { return o.kind.cel }

// Value is the object itself: CEL's field access hands it to the accessors of provider.
func (o *objectVal) Value() any { return o }

// Equal compares by key: one object is itself, whatever its fields say.
func (o *objectVal) Equal(other ref.Val) ref.Val {
	p, ok := other.(*objectVal)
	return types.Bool(ok && o.kind == p.kind && o.rec[o.kind.key] == p.rec[o.kind.key])
}

// provider lets CEL's checker and interpreter see the fields of objects.
type provider struct {
	types.Provider
	objects map[string]*object
}

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if o, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(o.cel), true
	}
	return nil, false
}

// FindStructFieldNames implements types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if o, ok := p.objects[name]; ok {
		return o.fields.names(), true
	}
	return nil, false
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	o, ok := p.objects[name]
	if !ok {
		return nil, false
	}
	f, ok := o.fields.byName[field]
	if !ok {
		return nil, false
	}
	unset := unsetVal(o.name + "." + field)
	return &types.FieldType{
		Type: celType(f.Type),
		IsSet: func(target any) bool {
			v, ok := target.(*objectVal)
			return ok && v.rec[field] != nil
		},
		GetFrom: func(target any) (any, error) {
			v, ok := target.(*objectVal)
			if !ok || v.rec[field] == nil {
				return unset, nil
			}
			return celValue(f.Type, v.rec[field]), nil
		},
	}, true
}
