package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// What Helm takes for built in: all of client-go's scheme, and the newer definitions of custom
// kinds. The older ones (v1beta1) are known to it, too, but merged like custom kinds.
func kinds() *runtime.Scheme {
	known := runtime.NewScheme()
	check(scheme.AddToScheme(known))
	check(apiextensionsv1.AddToScheme(known))
	return known
}

type field struct {
	name, strategy, key string
	of                  reflect.Type
}

var unmarshaler = reflect.TypeOf((*json.Unmarshaler)(nil)).Elem()

// fields of a struct under the names that they have in JSON, embedded ones among them.
func fields(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.PkgPath != "" || name == "-":
		case name == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
			all = append(all, fields(f.Type)...)
		default:
			if name == "" {
				name = f.Name
			}
			all = append(all, field{name, f.Tag.Get("patchStrategy"), f.Tag.Get("patchMergeKey"), f.Type})
		}
	}
	return all
}

type table struct {
	class map[reflect.Type]int
	names map[reflect.Type]string
}

func (s *table) add(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		s.add(t.Elem())
	case reflect.Struct:
		if _, known := s.class[t]; !known {
			s.class[t] = 0
			for _, f := range fields(t) {
				s.add(f.of)
			}
		}
	}
}

func expression(t reflect.Type, name func(reflect.Type) string) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + expression(t.Elem(), name)
	case reflect.Slice, reflect.Array:
		return "[]" + expression(t.Elem(), name)
	case reflect.Map:
		return "{}" + expression(t.Elem(), name)
	case reflect.Struct:
		if reflect.PointerTo(t).Implements(unmarshaler) {
			return "!" + name(t)
		}
		return name(t)
	default:
		return t.Kind().String()
	}
}

func line(t reflect.Type, name func(reflect.Type) string) string {
	var words []string
	for _, f := range fields(t) {
		word := f.name + ":" + expression(f.of, name)
		if f.strategy != "" || f.key != "" {
			word += "|" + f.strategy + "|" + f.key
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// Types that are alike get one class: equal names to start with, then split by their fields until
// nothing splits any more.
func (s *table) classify() {
	classes, next := map[string]int{}, map[reflect.Type]int{}
	for _, t := range s.sorted() {
		text := fmt.Sprintf("%d %s %s", s.class[t], t.Name(), line(t, func(t reflect.Type) string {
			return fmt.Sprint(s.class[t])
		}))
		if _, known := classes[text]; !known {
			classes[text] = len(classes)
		}
		next[t] = classes[text]
	}
	s.class = next
}

func (s *table) sorted() []reflect.Type {
	var types []reflect.Type
	for t := range s.class {
		types = append(types, t)
	}
	sort.Slice(types, func(i, j int) bool {
		a, b := types[i], types[j]
		return a.Name()+" "+a.PkgPath() < b.Name()+" "+b.PkgPath()
	})
	return types
}

// schema writes the table of all kinds: a line for a kind, which names its type, and a line for a
// type, which has its fields, sorted.
func schema(out io.Writer) {
	s := &table{map[reflect.Type]int{}, map[reflect.Type]string{}}
	roots := map[string]reflect.Type{}
	for gvk, t := range kinds().AllKnownTypes() {
		_, hasMeta := t.FieldByName("ObjectMeta")
		if !hasMeta || t.PkgPath() == reflect.TypeOf(v1.Status{}).PkgPath() || gvk.Version == "__internal" {
			continue
		}
		roots[gvk.GroupVersion().String()+"/"+gvk.Kind] = t
		s.add(t)
	}
	for before := 0; ; {
		s.classify()
		classes := map[int]bool{}
		for _, class := range s.class {
			classes[class] = true
		}
		if len(classes) == before {
			break
		}
		before = len(classes)
	}
	used, count := map[int]string{}, map[string]int{}
	for _, t := range s.sorted() {
		class := s.class[t]
		if _, known := used[class]; !known {
			count[t.Name()]++
			used[class] = t.Name()
			if n := count[t.Name()]; n > 1 {
				used[class] = fmt.Sprintf("%s.%d", t.Name(), n)
			}
		}
		s.names[t] = used[class]
	}
	name := func(t reflect.Type) string { return s.names[t] }
	lines := map[string]string{}
	for gv, t := range roots {
		lines[gv] = s.names[t]
	}
	for t := range s.class {
		lines[s.names[t]] = line(t, name)
	}
	var ids []string
	for id := range lines {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		fmt.Fprintf(out, "%s\t%s\n", id, lines[id])
	}
}
