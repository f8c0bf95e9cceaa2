package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// jsonFormat reads bodies with readJSON.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: readJSON}

// maxDepth is how deep a body may be nested. A schema that refers to itself names each field that it refuses with the
// whole path to it.
const maxDepth = 100

// readJSON is json.Unmarshal for what a user wrote. The schema knows whole numbers by their values, so 1e30 is one to
// it.
func readJSON(data []byte, v any) error {
	if depth(data) > maxDepth {
		return fmt.Errorf("is nested deeper than %d", maxDepth)
	}
	err := json.Unmarshal(data, v)
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return err
	}
	number, isNumber := strings.CutPrefix(wrong.Value, "number ")
	switch {
	case !isNumber:
		return err
	case wrong.Field == "":
		return fmt.Errorf("%s is too large", number)
	}
	return fmt.Errorf("%s: %s is too large, or not written as a whole number in digits", wrong.Field, number)
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
