package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Empty is said of a field that is there and holds an empty text, where that would be read as absent: those whose type
// in package client says minLength 1.
const Empty = "is empty; write a value, or leave it out"

// maxDepth is how deep a written text may be nested. A schema that refers to itself names each field that it refuses
// with the whole path to it.
const maxDepth = 100

// Unmarshal is json.Unmarshal for what a user wrote. Where that would choose among readings, it refuses: a name given
// twice in one object (RFC 8259, section 4, leaves open which counts), and bytes that are not text.
func Unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return fmt.Errorf("holds bytes that are not UTF-8")
	}
	if depth(data) > maxDepth {
		return fmt.Errorf("is nested deeper than %d", maxDepth)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return err
	}
	names := walker{json.NewDecoder(bytes.NewReader(data))}
	return names.value("")
}

// walker reads well-formed JSON once more, for its names alone.
type walker struct{ dec *json.Decoder }

func (w walker) value(place string) error {
	token, err := w.dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		err = w.members(place)
	case json.Delim('['):
		for i := 0; err == nil && w.dec.More(); i++ {
			err = w.value(fmt.Sprintf("%s[%d]", place, i))
		}
	default:
		return nil
	}
	if err == nil {
		_, err = w.dec.Token() // the end of the object or list
	}
	return err
}

func (w walker) members(place string) error {
	seen := map[string]bool{}
	if place != "" {
		place += "."
	}
	for w.dec.More() {
		token, err := w.dec.Token()
		if err != nil {
			return err
		}
		name := token.(string) // the decoder lets nothing else through as a name
		if seen[name] {
			return fmt.Errorf("%s%.60s: given twice; leave out one of them", place, name)
		}
		seen[name] = true
		if err := w.value(place + name); err != nil {
			return err
		}
	}
	return nil
}

// depth says how deep objects and lists stand in each other in a text that is to be JSON.
func depth(data []byte) (deepest int) {
	open, quoted, escaped := 0, false, false
	for _, c := range data {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			open++
			deepest = max(deepest, open)
		case c == '}' || c == ']':
			open--
		}
	}
	return deepest
}
