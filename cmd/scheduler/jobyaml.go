package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/pgdue/pgdue/internal/form"
)

// readYAML reads the one document of a file; nil when there is none. JSON is YAML.
func readYAML(data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case err == io.EOF:
		return nil, nil
	case err != nil:
		return nil, yamlError(err)
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("line %d: a second document begins here; write all jobs into one list", second.Line)
	case err != io.EOF:
		return nil, yamlError(err)
	}
	return doc.Content[0], nil
}

func yamlError(err error) error {
	return errors.New(strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
}

// decodeNode reads n into v, which is what JSON with the same words would give: names of fields are those of its json
// tags, in their case, and YAML's guesses are not text.
func decodeNode(n *yaml.Node, v any) error {
	s := shape{seen: map[visit]bool{}}
	if err := s.check(n, reflect.TypeOf(v).Elem(), ""); err != nil {
		return err
	}
	var plain any
	if err := n.Decode(&plain); err != nil { // aliases without end
		return yamlError(err)
	}
	data, err := json.Marshal(plain)
	if err != nil {
		return fmt.Errorf("write it as JSON: %w", err)
	}
	return form.Unmarshal(data, v)
}

// shape compares a document with a type. It visits what an alias names once for each type.
type shape struct{ seen map[visit]bool }

type visit struct {
	n *yaml.Node
	t reflect.Type
}

// check says whether n has the shape of t; place is where n stands. Scalars that are to be kept as they are written
// become strings.
func (s *shape) check(n *yaml.Node, t reflect.Type, place string) error {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s.seen[visit{n, t}] {
		return nil
	}
	s.seen[visit{n, t}] = true
	if n.ShortTag() == "!!null" {
		return checkNull(n, place)
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return s.checkMapping(n, t, place)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return at(place, "%s is not a list", word(n))
		}
		for i, item := range n.Content {
			if err := s.check(item, t.Elem(), fmt.Sprintf("%s[%d]", place, i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Bool:
		if n.ShortTag() != "!!bool" {
			return at(place, "%s is neither true nor false", word(n))
		}
		return nil
	case reflect.Int:
		return checkInt(n, place)
	case reflect.String:
		return checkText(n, place)
	}
	return checkNumberOrText(n, place)
}

func checkNull(n *yaml.Node, place string) error {
	if n.Value == "" {
		return at(place, "nothing is written here; give it a value or leave it out")
	}
	return at(place, "%s is nothing to YAML; leave it out, or put it in quotes: %q", n.Value, n.Value)
}

func (s *shape) checkMapping(n *yaml.Node, t reflect.Type, place string) error {
	if n.Kind != yaml.MappingNode {
		return at(place, "%s is not an object", word(n))
	}
	names := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			if err := s.checkMerge(value, t, place); err != nil {
				return err
			}
			continue
		}
		if err := checkText(key, join(place, key.Value)); err != nil {
			return err
		}
		if names[key.Value] {
			return at(place, "line %d: %s is written twice", key.Line, key.Value)
		}
		names[key.Value] = true
		if err := s.checkMember(t, key.Value, value, place); err != nil {
			return err
		}
	}
	return nil
}

// checkMerge checks what stands at <<: one object or a list of them.
func (s *shape) checkMerge(n *yaml.Node, t reflect.Type, place string) error {
	if n.Kind == yaml.SequenceNode {
		return s.check(n, reflect.SliceOf(t), join(place, "<<"))
	}
	return s.check(n, t, place)
}

// checkMember checks what stands in a t under a name.
func (s *shape) checkMember(t reflect.Type, name string, value *yaml.Node, place string) error {
	field, err := fieldOf(t, name)
	if err != nil {
		return at(place, "%w", err)
	}
	place = join(place, name)
	if err := s.check(value, field.Type, place); err != nil {
		return err
	}
	if field.Tag.Get("minLength") == "1" && value.Kind == yaml.ScalarNode && value.Value == "" {
		return at(place, "%s", form.Empty)
	}
	return nil
}

// fieldOf is the field of a t under a name.
func fieldOf(t reflect.Type, name string) (reflect.StructField, error) {
	if t.Kind() == reflect.Map {
		return reflect.StructField{Type: t.Elem()}, nil
	}
	for i := range t.NumField() {
		field, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		switch {
		case field == name:
			return t.Field(i), nil
		case strings.EqualFold(field, name):
			return reflect.StructField{}, fmt.Errorf("unknown field %q; write it %q", name, field)
		}
	}
	return reflect.StructField{}, fmt.Errorf("unknown field %q", name)
}

func checkInt(n *yaml.Node, place string) error {
	if _, err := strconv.Atoi(n.Value); err != nil || n.ShortTag() != "!!int" || !decimal.MatchString(n.Value) {
		return at(place, "%s is not a whole number, or too large", word(n))
	}
	return nil
}

// decimal is how JSON writes a number that YAML reads as the same.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// checkText refuses what YAML takes for something else than text. 010 and 1.10 would come out as other words. A time
// stays as it is written.
func checkText(n *yaml.Node, place string) error {
	if n.Kind != yaml.ScalarNode {
		return at(place, "%s is not text", word(n))
	}
	kind := n.ShortTag()
	switch kind {
	case "!!str", "!!timestamp":
		n.Tag = "!!str"
		return nil
	case "!!int", "!!float":
		kind = "a number"
	case "!!bool":
		kind = "a boolean"
	}
	return at(place, "%s is %s to YAML, not text; put it in quotes: %q", n.Value, kind, n.Value)
}

// checkNumberOrText keeps the words of what need not be text: 09 and 1.10 stay.
func checkNumberOrText(n *yaml.Node, place string) error {
	if n.Kind != yaml.ScalarNode {
		return at(place, "%s is neither a number nor text", word(n))
	}
	if n.ShortTag() != "!!int" || !decimal.MatchString(n.Value) {
		n.Tag = "!!str"
	}
	return nil
}

// word is n as it is written, where it is short.
func word(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "an object"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case len(n.Value) > 60:
		return fmt.Sprintf("%.60q…", n.Value)
	case n.ShortTag() == "!!str":
		return strconv.Quote(n.Value)
	}
	return n.Value
}

func join(place, name string) string {
	if place == "" {
		return name
	}
	return place + "." + name
}

// at is an error at a place.
func at(place, format string, args ...any) error {
	if place == "" {
		return fmt.Errorf(format, args...)
	}
	return fmt.Errorf("%s: "+format, append([]any{place}, args...)...)
}
