package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"

	jsonpatch "github.com/evanphx/json-patch/v5"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

type object = map[string]any

// answer is what Kubernetes' libraries make of three objects.
type answer struct {
	Kind     string          `json:"kind"`
	ThreeWay bool            `json:"threeWay"`
	Original object          `json:"original"`
	Live     object          `json:"live"`
	Wanted   object          `json:"wanted"`
	Type     string          `json:"type,omitempty"`
	Patch    json.RawMessage `json:"patch,omitempty"`
	Error    string          `json:"error,omitempty"`
}

func (a *answer) ask(known *runtime.Scheme) (fine bool) {
	defer func() { fine = recover() == nil && fine }()
	original, err := json.Marshal(a.Original)
	check(err)
	wanted, err := json.Marshal(a.Wanted)
	check(err)
	live, err := json.Marshal(a.Live)
	check(err)
	gvk := runtimeschema.FromAPIVersionAndKind(a.Wanted["apiVersion"].(string), a.Wanted["kind"].(string))
	var typed runtime.Object
	parsed := &unstructured.Unstructured{}
	check(parsed.UnmarshalJSON(wanted))
	typed, err = known.ConvertToVersion(parsed, gvk.GroupVersion())
	_, old := typed.(*apiextensionsv1beta1.CustomResourceDefinition)
	var patch []byte
	switch {
	case err == nil && !old:
		a.Type = "strategic"
		meta, failure := strategicpatch.NewPatchMetaFromStruct(typed)
		check(failure)
		patch, err = strategicpatch.CreateThreeWayMergePatch(original, wanted, live, meta, true)
	case a.ThreeWay:
		a.Type = "merge"
		patch, err = jsonmergepatch.CreateThreeWayJSONMergePatch(original, wanted, live,
			mergepatch.RequireKeyUnchanged("apiVersion"),
			mergepatch.RequireKeyUnchanged("kind"),
			mergepatch.RequireMetadataKeyUnchanged("name"))
	default:
		a.Type = "merge"
		patch, err = jsonpatch.CreateMergePatch(original, wanted)
	}
	a.Patch, a.Error = patch, ""
	if err != nil {
		a.Patch, a.Error = nil, err.Error()
	}
	return true
}

type maker struct{ *rand.Rand }

func pick[T any](m maker, from ...T) T { return from[m.IntN(len(from))] }

func (m maker) chance(percent int) bool { return m.IntN(100) < percent }

// value makes up something that has the type, or rarely something else.
func (m maker) value(t reflect.Type, depth int) any {
	if m.IntN(400) == 0 {
		return pick[any](m, nil, true, 7, 1.5, "x", []any{}, []any{"a"}, object{}, object{"z": 1}, []any{object{}})
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.value(t.Elem(), depth)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return pick(m, "YQ==", "Yg==")
		}
		return m.list(t.Elem(), field{}, depth)
	case reflect.Map:
		made := object{}
		for range m.IntN(4) {
			made[pick(m, "a", "b", "c", "d")] = m.value(t.Elem(), depth+1)
		}
		return made
	case reflect.Struct:
		switch t.Name() {
		case "Quantity":
			return pick[any](m, "1", "64Mi", "100m", 2)
		case "IntOrString":
			return pick[any](m, 80, "http", "25%")
		case "Time", "MicroTime":
			return pick(m, "2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z")
		case "Duration":
			return "5s"
		}
		return m.structure(t, depth)
	case reflect.String:
		return pick(m, "a", "b", "c", "10", "9", "")
	case reflect.Bool:
		return m.chance(50)
	case reflect.Interface:
		return "x"
	case reflect.Float64, reflect.Float32:
		return pick(m, 1.0, 1.5)
	default:
		return pick(m, 1, 2, 10, 80, 443)
	}
}

func (m maker) structure(t reflect.Type, depth int) any {
	made := object{}
	all := fields(t)
	for _, f := range all {
		want := 30
		switch {
		case len(all) > 6:
			want = 120 / len(all)
		}
		switch f.name {
		case "spec", "template":
			want = 100
		case "containers", "volumes", "env", "ports", "strategy", "finalizers", "volumeMounts", "imagePullSecrets", "secrets":
			want = 50
		case "status", "managedFields":
			want = 2
		}
		if depth > 7 {
			want /= 4
		}
		if !m.chance(want) {
			continue
		}
		of := f.of
		for of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() == reflect.Slice && of.Elem().Kind() != reflect.Uint8 {
			made[f.name] = m.list(of.Elem(), f, depth)
		} else {
			made[f.name] = m.value(f.of, depth+1)
		}
	}
	if m.IntN(150) == 0 {
		made[pick(m, "unheardOf", "Name", "SPEC", "$patch")] = pick[any](m, "delete", "replace", object{"a": 1}, []any{1})
	}
	return made
}

func (m maker) list(of reflect.Type, f field, depth int) any {
	count := m.IntN(4)
	if m.IntN(60) == 0 {
		count = 15
	}
	made := []any{}
	for i := range count {
		value := m.value(of, depth+1)
		if element, is := value.(object); is && f.key != "" && m.IntN(200) != 0 {
			for _, inner := range fields(of) {
				if inner.name != f.key {
					continue
				}
				if inner.of.Kind() == reflect.String {
					element[f.key] = pick(m, "a", "b", "c", "d", "e")
					if count > 10 {
						element[f.key] = fmt.Sprintf("n%d", (i*7)%count)
					}
				} else {
					element[f.key] = pick(m, 80, 443, 8080, 9, 10)
					if count > 10 {
						element[f.key] = (i * 7) % count
					}
				}
			}
		}
		made = append(made, value)
	}
	return made
}

// vary returns the value with some things changed, added, and taken away.
func (m maker) vary(v any, from field, depth int) any {
	t := from.of
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case object:
		made := object{}
		var known map[string]field
		if t != nil && t.Kind() == reflect.Struct {
			known = map[string]field{}
			for _, f := range fields(t) {
				known[f.name] = f
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner := v[key]
			if depth > 1 && m.chance(7) && key != "name" {
				continue
			}
			var of field
			if f, is := known[key]; is {
				of = f
			} else if t != nil && t.Kind() == reflect.Map {
				of.of = t.Elem()
			}
			made[key] = m.vary(inner, of, depth+1)
		}
		if known != nil && m.chance(25) {
			if fresh, is := m.structure(t, depth).(object); is && depth > 0 {
				for _, key := range slices.Sorted(maps.Keys(fresh)) {
					inner := fresh[key]
					if _, is := made[key]; !is && m.chance(50) {
						made[key] = inner
					}
				}
			}
		}
		return made
	case []any:
		made := []any{}
		var of reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			of = t.Elem()
		}
		for _, inner := range v {
			if !m.chance(12) {
				made = append(made, m.vary(inner, field{of: of}, depth+1))
			}
		}
		if m.chance(12) {
			m.Shuffle(len(made), func(i, j int) { made[i], made[j] = made[j], made[i] })
		}
		if of != nil && m.chance(15) {
			made = append(made, m.list(of, from, depth).([]any)...)
		}
		return made
	default:
		if t != nil && depth > 1 && m.chance(15) {
			return m.value(t, depth)
		}
		return v
	}
}

func copied(v object) object {
	text, err := json.Marshal(v)
	check(err)
	var made object
	check(json.Unmarshal(text, &made))
	return made
}

// cases writes merges of random objects, one a line, which the libraries always answer alike.
func cases(out io.Writer, seed uint64, count int) {
	m := maker{rand.New(rand.NewPCG(seed, 7))}
	known := kinds()
	check(apiextensionsv1beta1.AddToScheme(known))
	names := []string{
		"apps/v1/Deployment", "apps/v1/Deployment", "apps/v1/StatefulSet", "v1/Service", "v1/Pod",
		"v1/ConfigMap", "v1/ServiceAccount", "v1/PersistentVolumeClaim", "batch/v1/CronJob",
		"networking.k8s.io/v1/Ingress", "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration",
		"apiextensions.k8s.io/v1/CustomResourceDefinition", "rbac.authorization.k8s.io/v1/Role",
		"apiextensions.k8s.io/v1beta1/CustomResourceDefinition", "shop.test/v1/Deployment",
	}
	for made := 0; made < count; {
		name := names[m.IntN(len(names))]
		end := len(name) - 1
		for name[end] != '/' {
			end--
		}
		version, kind := name[:end], name[end+1:]
		typed, err := known.New(runtimeschema.FromAPIVersionAndKind(version, kind))
		if err != nil {
			typed, err = known.New(runtimeschema.FromAPIVersionAndKind("apps/v1", "Deployment"))
			check(err)
		}
		t := reflect.TypeOf(typed).Elem()
		head := func(v object) object {
			v["apiVersion"], v["kind"] = version, kind
			metadata, is := v["metadata"].(object)
			if !is {
				metadata = object{}
			}
			metadata["name"] = "x"
			v["metadata"] = metadata
			return v
		}
		first, is := m.value(t, 0).(object)
		if !is {
			continue
		}
		original := head(copied(first))
		a := answer{Kind: name, ThreeWay: m.chance(60), Original: original}
		a.Wanted = head(copied(m.vary(original, field{of: t}, 0).(object)))
		a.Live = head(copied(m.vary(m.vary(original, field{of: t}, 0), field{of: t}, 0).(object)))
		switch m.IntN(30) {
		case 0:
			a.Live = nil
		case 1:
			a.Wanted = copied(original)
		case 2:
			a.Live = copied(original)
		case 3:
			a.Live["kind"] = "Other"
		}
		text, err := json.Marshal(a)
		check(err)
		if len(text) > 4000 || !a.ask(known) {
			continue
		}
		if string(a.Patch) == "{}" && m.chance(80) {
			continue
		}
		stable := true
		for range 8 {
			again := a
			stable = stable && again.ask(known) && again.Error == a.Error && string(again.Patch) == string(a.Patch)
		}
		if !stable {
			continue
		}
		text, err = json.Marshal(a)
		check(err)
		fmt.Fprintf(out, "%s\n", text)
		made++
	}
}
