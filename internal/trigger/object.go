package trigger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// object is a JSON object whose names are exact: no name twice, none in the wrong case.
type object struct {
	names  []string // in the order of the text
	values map[string]json.RawMessage
}

func parseObject(data []byte) (*object, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	obj := &object{values: map[string]json.RawMessage{}}
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fail("", `%s is not a JSON object; write a trigger like {"type":"interval","every":"30s"}`,
			shorten(data))
	}
	for dec.More() {
		if err := obj.member(dec); err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, fail("", "the JSON object does not end: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fail("", "there is text after the JSON object")
	}
	return obj, nil
}

// maxNames is more than any type of trigger has fields.
const maxNames = 20

func (obj *object) member(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return fail("", "the JSON is broken at byte %d: %v", dec.InputOffset(), err)
	}
	name := token.(string) // the decoder lets nothing else through as a name
	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		return fail(name, "the JSON is broken at byte %d: %v", dec.InputOffset(), err)
	}
	switch {
	case slices.Contains(obj.names, name):
		return fail(shorten([]byte(name)), "given twice")
	case len(obj.names) == maxNames:
		return fail(shorten([]byte(name)), "one field too many; no trigger has more than %d", maxNames)
	}
	obj.names = append(obj.names, name)
	if string(value) != "null" {
		obj.values[name] = value
	}
	return nil
}

// only refuses names other than those of the given lists.
func (obj *object) only(what string, lists ...[]string) error {
	known := slices.Concat(lists...)
	for _, name := range obj.names {
		if !slices.Contains(known, name) {
			return fail(shorten([]byte(name)), "%s has no such field (%s)", what, strings.Join(known, ", "))
		}
	}
	return nil
}

// text returns a string member; given is false when there is none.
func (obj *object) text(name, example string) (s string, given bool, err error) {
	value, given := obj.values[name]
	if !given {
		return "", false, nil
	}
	if json.Unmarshal(value, &s) != nil {
		return "", true, fail(name, "%s is not a string; write it like %q", shorten(value), example)
	}
	return s, true, checkLength(name, s)
}

// maxText bounds each text of a definition, in bytes, so that reading and describing it costs little.
const maxText = 1000

func checkLength(name, s string) error {
	if len(s) > maxText {
		return fail(name, "%s has %d characters; write at most %d", shorten([]byte(s)), len(s), maxText)
	}
	return nil
}

func (obj *object) duration(name string) (d time.Duration, given bool, err error) {
	s, given, err := obj.text(name, "1h30m")
	if err != nil || !given {
		return 0, given, err
	}
	if d, err = ParseDuration(s); err != nil {
		return 0, true, fail(name, "%v", err)
	}
	if d%time.Microsecond != 0 {
		return 0, true, fail(name, "%s is finer than a microsecond", s)
	}
	return d, true, nil
}

func (obj *object) moment(name string) (moment, error) {
	s, given, err := obj.text(name, "2026-03-01T09:00:00")
	if err != nil || !given {
		return moment{}, err
	}
	return parseMoment(name, s)
}

// zone returns otherwise when there is none.
func (obj *object) zone(name string, otherwise *zone) (z *zone, given bool, err error) {
	s, given, err := obj.text(name, "Europe/Stockholm")
	if err != nil || !given {
		return otherwise, false, err
	}
	z, err = loadZone(s)
	return z, true, err
}

// choice returns the index of a member in names, otherwise when there is none.
func (obj *object) choice(name string, names []string, otherwise int) (int, error) {
	s, given, err := obj.text(name, names[0])
	if err != nil || !given {
		return otherwise, err
	}
	i := slices.Index(names, s)
	if i < 0 {
		return 0, fail(name, "%q is not known; write %s", s, list(names))
	}
	return i, nil
}

// shorten quotes the beginning of a JSON text for an error message.
func shorten(data []byte) string {
	const most = 40
	s := strings.ToValidUTF8(string(bytes.TrimSpace(data)), "?")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	if s == "" {
		return "nothing"
	}
	return s
}

// encoder writes a JSON object with its members in the order of the calls.
type encoder struct{ buf []byte }

func (e *encoder) raw(name string, value []byte) {
	e.buf = append(e.buf, ',')
	if len(e.buf) == 1 {
		e.buf[0] = '{'
	}
	e.buf = fmt.Appendf(e.buf, "%q:%s", name, value)
}

func (e *encoder) text(name, value string) {
	quoted, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	e.raw(name, quoted)
}

func (e *encoder) moment(name string, m moment) {
	if m.given() {
		e.text(name, m.String())
	}
}

func (e *encoder) end() []byte { return append(e.buf, '}') }
